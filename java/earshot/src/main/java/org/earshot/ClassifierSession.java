package org.earshot;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;
import org.earshot.features.SlidingLogMel;

/** What one call computes with: its windows are checked here, and computed where its {@link WindowRunner} does so. */
final class ClassifierSession implements SessionPool.Pooled {
    private final List<LoadedModel> models;
    private final WindowRunner runner;
    private final FeatureParameters parameters;
    private final int minimumFrames;
    /** Of one window, where they are computed here. */
    private float[] features = {};
    /** Made for the first stream's first window; empty where the backend has none, null before. */
    private Optional<LogMelFrames> frameComputer;
    /** What the next recording's windows may be cut in. */
    private float[] buffer = {};

    /**
     * Makes the session.
     *
     * @param models at least one, all with the same feature parameters and on the same backend
     * @param runner of their networks; closed with the session
     */
    ClassifierSession(List<LoadedModel> models, WindowRunner runner) {
        this.models = models;
        this.runner = runner;
        parameters = models.get(0).config().features();
        minimumFrames = minimumFrames(models);
    }

    /** Frames that the most demanding of the networks needs. */
    static int minimumFrames(List<LoadedModel> models) {
        return models.stream()
                .mapToInt(model -> model.model().minimumFrames())
                .max()
                .orElseThrow();
    }

    /** Takes the array that {@link Windows} may be cut in; empty if there is none. */
    float[] takeBuffer() {
        float[] taken = buffer;
        buffer = new float[0];
        return taken;
    }

    /** Gives an array back for the next call. */
    void giveBuffer(float[] array) {
        if (array.length > buffer.length) {
            buffer = array;
        }
    }

    /**
     * Classifies a window.
     *
     * @param contexts one for each model
     * @param results takes what was found, one for each model
     * @param progress asked between steps; what it throws ends the work
     */
    void run(
            SoundWindow window,
            List<ContextEncoding.Encoded> contexts,
            List<WindowResults> results,
            Progress progress) {
        compute(input(window, contexts), window, results, progress);
    }

    /**
     * What the networks are fed of a window.
     *
     * @throws AudioException if it is too short for one of them
     */
    WindowInput input(SoundWindow window, List<ContextEncoding.Encoded> contexts) {
        int frames = parameters.cutFrames(window.length());
        if (frames < minimumFrames) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    window.subject(),
                    window.length() + " samples, " + frames + " frames",
                    "at least " + minimumFrames + " frames of " + parameters.hopLength() + " samples");
        }
        return WindowInput.ofSamples(window.pcm(), window.length(), frames, contexts);
    }

    /**
     * Classifies a window whose frames may have been computed in part with windows before. Those of one that is shorter
     * than the others are its own, and where the backend computes the features, it does so anew.
     *
     * @param frames of the sound that the window is of
     */
    void run(
            SoundWindow window,
            SlidingLogMel frames,
            List<ContextEncoding.Encoded> contexts,
            List<WindowResults> results,
            Progress progress) {
        Optional<LogMelFrames> computer =
                window.length() < parameters.windowSamples() ? Optional.empty() : frameComputer();
        if (computer.isEmpty()) {
            run(window, contexts, results, progress);
            return;
        }
        int values = parameters.frames() * parameters.melBands();
        if (features.length < values) {
            features = new float[values];
        }
        frames.compute(computer.get(), window.pcm(), window.start(), features);
        compute(WindowInput.ofFeatures(features, parameters.frames(), contexts), window, results, progress);
    }

    private Optional<LogMelFrames> frameComputer() {
        if (frameComputer == null) {
            frameComputer = models.get(0).network().backend().frames(parameters);
        }
        return frameComputer;
    }

    private void compute(WindowInput input, SoundWindow window, List<WindowResults> results, Progress progress) {
        WindowRunner.Outputs outputs = runner.run(List.of(input), progress);
        progress.computed(outputs);
        add(results, window.startTime(), window.duration(), outputs.windows().get(0));
    }

    /**
     * Adds what the networks said of a window.
     *
     * @param results one for each model
     * @param networks likewise
     */
    static void add(List<WindowResults> results, Duration start, Duration length, List<NetworkOutput> networks) {
        for (int i = 0; i < networks.size(); i++) {
            results.get(i).add(start, length, networks.get(i));
        }
    }

    /** What computes the windows. */
    WindowRunner runner() {
        return runner;
    }

    /**
     * Classifies a clip's features.
     *
     * @param values at least {@code [frames, bands]}
     * @param contexts one for each model
     * @param progress as in {@link #run}
     * @return one for each model
     */
    List<WindowResults> runFeatures(
            float[] values, int frames, List<ContextEncoding.Encoded> contexts, Progress progress) {
        checkFeatures(values, frames);
        WindowRunner.Outputs outputs = runner.run(List.of(WindowInput.ofFeatures(values, frames, contexts)), progress);
        progress.computed(outputs);
        // As long as the clips are that have so many frames: hops, the frame on the end being cut.
        double seconds = (double) frames * parameters.hopLength() / parameters.sampleRate();
        Duration length = Duration.ofNanos(Math.round(seconds * 1e9));
        List<WindowResults> results = models.stream().map(LoadedModel::results).toList();
        add(results, Duration.ZERO, length, outputs.windows().get(0));
        return results;
    }

    private void checkFeatures(float[] values, int frames) {
        if (frames < minimumFrames || frames > parameters.frames()) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    "features",
                    frames + " frames",
                    "from " + minimumFrames + " to " + parameters.frames());
        }
        int bands = parameters.melBands();
        if (values.length < (long) frames * bands) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    "features",
                    values.length + " values",
                    frames + " frames of " + bands + " mel bands");
        }
        for (int i = 0; i < frames * bands; i++) {
            if (!Float.isFinite(values[i])) {
                throw new AudioException(
                        AudioException.Reason.DAMAGED,
                        "features: frame " + i / bands + ", band " + i % bands,
                        Float.toString(values[i]),
                        "a finite number");
            }
        }
    }

    @Override
    public void close() {
        if (frameComputer != null) {
            frameComputer.ifPresent(LogMelFrames::close);
        }
        runner.close();
    }
}
