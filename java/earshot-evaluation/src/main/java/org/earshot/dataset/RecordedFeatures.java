package org.earshot.dataset;

import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.MonoReader;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;

/**
 * Features computed from the recordings each time they are read, by the best backend that computes on processors: for a
 * single pass over a set.
 */
public final class RecordedFeatures implements FeatureSource {
    private static final System.Logger LOGGER = System.getLogger(RecordedFeatures.class.getName());

    /** Of one recording; the first ones show what it is worth. */
    private static final int LOSSES_LOGGED = 3;

    private final List<Path> recordings;
    private final AudioLimits limits;
    private final FeatureParameters parameters;
    private final Backend backend;
    private final AtomicBoolean warned = new AtomicBoolean();
    private final Queue<Workspace> idle = new ConcurrentLinkedQueue<>();

    /** What one thread computes with. */
    private static final class Workspace {
        private final float[] pcm;
        private final LogMelFrames frames;

        Workspace(LogMelFrames frames) {
            this.frames = frames;
            FeatureParameters parameters = frames.parameters();
            // A hop more than a clip: a recording that is less than a hop too long is taken whole, as classifiers do.
            pcm = new float[Math.addExact(parameters.windowSamples(), parameters.hopLength())];
        }
    }

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
        this.limits = limits;
        this.parameters = parameters;
        backend = Backends.startOnProcessors(1);
    }

    @Override
    public FeatureParameters parameters() {
        return parameters;
    }

    @Override
    public AudioLimits limits() {
        return limits;
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
        return extent(clip, target).frames;
    }

    /**
     * What was read of a clip.
     *
     * @param frames of its features
     * @param damaged whether something of the recording is missing there
     */
    record Extent(int frames, boolean damaged) {}

    /** Reads as {@link #read} does, and tells whether the recording is damaged. */
    Extent extent(int clip, float[] target) {
        Workspace workspace = idle.poll();
        if (workspace == null) {
            workspace = new Workspace(backend.frames(parameters).orElseThrow());
        }
        try {
            return compute(clip, target, workspace);
        } finally {
            idle.add(workspace);
        }
    }

    private Extent compute(int clip, float[] target, Workspace workspace) {
        float[] pcm = workspace.pcm;
        int samples;
        List<AudioLoss> losses;
        try (MonoReader reader = MonoReader.open(recording(clip), parameters().sampleRate(), limits)) {
            samples = reader.read(pcm, 0, pcm.length);
            losses = reader.losses();
        }
        losses.stream()
                .limit(LOSSES_LOGGED)
                .forEach(loss -> LOGGER.log(System.Logger.Level.WARNING, recording(clip) + ": damaged " + loss));
        if (samples < 1) {
            throw new AudioException(
                    AudioException.Reason.FORMAT, recording(clip), "no samples", "a recording that is not empty");
        }
        boolean longer = samples == pcm.length;
        if (longer && !warned.getAndSet(true)) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    recording(clip) + ": a recording longer than the model's clip, whose rest is not used; there may"
                            + " be more");
        }
        int length = longer ? parameters().windowSamples() : samples;
        return new Extent(workspace.frames.computeClip(pcm, length, target), !losses.isEmpty());
    }

    @Override
    public void close() {
        for (Workspace workspace = idle.poll(); workspace != null; workspace = idle.poll()) {
            workspace.frames.close();
        }
    }
}
