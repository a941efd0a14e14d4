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
 * Computes the log-mel features of recordings' first clips, by the best backend that computes on processors. For any
 * number of threads at once.
 */
public final class ClipFeatures implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(ClipFeatures.class.getName());

    /** Of one recording; the first ones show what it is worth. */
    private static final int LOSSES_LOGGED = 3;

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
     * Prepares the front end.
     *
     * @param parameters of the front end
     * @param limits bounds that the files are read in, and whether damaged ones are refused; what is missing of the
     *     others is logged
     */
    public ClipFeatures(FeatureParameters parameters, AudioLimits limits) {
        this.limits = limits;
        this.parameters = parameters;
        backend = Backends.startOnProcessors(1);
    }

    /**
     * How features are made.
     *
     * @return the front end's parameters
     */
    public FeatureParameters parameters() {
        return parameters;
    }

    /**
     * In which bounds recordings are read.
     *
     * @return as given
     */
    public AudioLimits limits() {
        return limits;
    }

    /**
     * What was read of a clip.
     *
     * @param frames of its features
     * @param damaged whether something of the recording is missing there
     */
    record Extent(int frames, boolean damaged) {}

    /**
     * Computes a recording's features: {@code [frames, bands]}, dB; of one longer than a clip, the first clip's.
     *
     * @param recording its file
     * @param target takes them, with room for as many frames as {@link FeatureParameters#frames}
     * @return number of frames
     * @throws AudioException if it cannot be read, or is empty
     */
    public int read(Path recording, float[] target) {
        return extent(recording, target).frames;
    }

    /** Reads as {@link #read} does, and tells whether the recording is damaged. */
    Extent extent(Path recording, float[] target) {
        Workspace workspace = idle.poll();
        if (workspace == null) {
            workspace = new Workspace(backend.frames(parameters).orElseThrow());
        }
        try {
            return compute(recording, target, workspace);
        } finally {
            idle.add(workspace);
        }
    }

    private Extent compute(Path recording, float[] target, Workspace workspace) {
        float[] pcm = workspace.pcm;
        int samples;
        List<AudioLoss> losses;
        try (MonoReader reader = MonoReader.open(recording, parameters().sampleRate(), limits)) {
            samples = reader.read(pcm, 0, pcm.length);
            losses = reader.losses();
        }
        losses.stream()
                .limit(LOSSES_LOGGED)
                .forEach(loss -> LOGGER.log(System.Logger.Level.WARNING, recording + ": damaged " + loss));
        if (samples < 1) {
            throw new AudioException(
                    AudioException.Reason.FORMAT, recording, "no samples", "a recording that is not empty");
        }
        boolean longer = samples == pcm.length;
        if (longer && !warned.getAndSet(true)) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    recording + ": a recording longer than the model's clip, whose rest is not used; there may"
                            + " be more");
        }
        int length = longer ? parameters().windowSamples() : samples;
        return new Extent(workspace.frames.computeClip(pcm, length, target), !losses.isEmpty());
    }

    /** Frees what it computes with. No thread may be computing. */
    @Override
    public void close() {
        for (Workspace workspace = idle.poll(); workspace != null; workspace = idle.poll()) {
            workspace.frames.close();
        }
    }
}
