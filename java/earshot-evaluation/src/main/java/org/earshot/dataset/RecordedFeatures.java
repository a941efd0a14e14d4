package org.earshot.dataset;

import java.nio.file.Path;
import java.util.List;
import org.earshot.audio.AudioLimits;
import org.earshot.features.FeatureParameters;

/**
 * Features computed from the recordings each time they are read, by the best backend that computes on processors: for a
 * single pass over a set.
 */
public final class RecordedFeatures implements FeatureSource {
    private final List<Path> recordings;
    private final ClipFeatures clips;

    /**
     * Prepares the front end for a set read in the default limits.
     *
     * @param set whose recordings are read
     * @param parameters of the front end
     */
    public RecordedFeatures(Dataset set, FeatureParameters parameters) {
        this(set, parameters, AudioLimits.defaults());
    }

    /**
     * Prepares the front end.
     *
     * @param set whose recordings are read
     * @param parameters of the front end
     * @param limits bounds that the files are read in, and whether damaged ones are refused; what is missing of the
     *     others is logged
     */
    public RecordedFeatures(Dataset set, FeatureParameters parameters, AudioLimits limits) {
        this(set.clips().stream().map(Dataset.Clip::audio).toList(), parameters, limits);
    }

    /**
     * Prepares the front end for recordings that are in no set.
     *
     * @param recordings their files
     * @param parameters of the front end
     * @param limits as for a set
     */
    public RecordedFeatures(List<Path> recordings, FeatureParameters parameters, AudioLimits limits) {
        this.recordings = List.copyOf(recordings);
        clips = new ClipFeatures(parameters, limits);
    }

    @Override
    public FeatureParameters parameters() {
        return clips.parameters();
    }

    @Override
    public AudioLimits limits() {
        return clips.limits();
    }

    @Override
    public int size() {
        return recordings.size();
    }

    @Override
    public Path recording(int clip) {
        return recordings.get(clip);
    }

    @Override
    public int read(int clip, float[] target) {
        return clips.read(recording(clip), target);
    }

    /** Reads as {@link #read} does, and tells whether the recording is damaged. */
    ClipFeatures.Extent extent(int clip, float[] target) {
        return clips.extent(recording(clip), target);
    }

    @Override
    public void close() {
        clips.close();
    }
}
