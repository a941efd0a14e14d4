package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.SlidingLogMel;
import org.earshot.layer.Shape;
import org.earshot.network.Network;

/**
 * The networks' sessions: what one call computes with. However many networks there are, a window's features are
 * computed once: in front of the first network, whose features the others are then fed.
 */
final class ClassifierSession implements SessionPool.Pooled {
    private final List<LoadedModel> models;
    private final List<ModelSession> networks;
    private final FeatureParameters parameters;
    private final int minimumFrames;
    /** Of one window, where they are fed; grows to the longest that there was. */
    private float[] features = {};
    /** What the next recording's windows may be cut in. */
    private float[] buffer = {};

    /**
     * Opens every network.
     *
     * @param models at least one, all with the same feature parameters and on the same backend
     */
    ClassifierSession(List<LoadedModel> models) {
        this.models = models;
        parameters = models.get(0).config().features();
        minimumFrames = minimumFrames(models);
        networks = new ArrayList<>(models.size());
        try {
            for (LoadedModel model : models) {
                boolean forOthers = networks.isEmpty() && models.size() > 1;
                networks.add(new ModelSession(model, forOthers));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
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
     * @param wanted called between steps; what it throws ends the work
     */
    void run(SoundWindow window, List<ContextEncoding.Encoded> contexts, List<WindowResults> results, Runnable wanted) {
        int frames = parameters.cutFrames(window.length());
        if (frames < minimumFrames) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    window.subject(),
                    window.length() + " samples, " + frames + " frames",
                    "at least " + minimumFrames + " frames of " + parameters.hopLength() + " samples");
        }
        runWindow(window.pcm(), window.length(), frames, contexts, wanted);
        addTo(results, window);
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
            Runnable wanted) {
        if (window.length() < parameters.windowSamples()
                || !models.get(0).network().backend().frontEndIsLogMel()) {
            run(window, contexts, results, wanted);
            return;
        }
        frames.compute(window.pcm(), window.start(), featuresOf(parameters.frames()));
        feed(0, features, parameters.frames(), contexts, wanted);
        addTo(results, window);
    }

    private void addTo(List<WindowResults> results, SoundWindow window) {
        for (int i = 0; i < networks.size(); i++) {
            networks.get(i).addTo(results.get(i), window.startTime(), window.duration());
        }
    }

    private float[] featuresOf(int frames) {
        int values = frames * parameters.melBands();
        if (features.length < values) {
            features = new float[values];
        }
        return features;
    }

    /**
     * Classifies a clip's features.
     *
     * @param values at least {@code [frames, bands]}
     * @param contexts one for each model
     * @param wanted as in {@link #run}
     * @return one for each model
     */
    List<WindowResults> runFeatures(
            float[] values, int frames, List<ContextEncoding.Encoded> contexts, Runnable wanted) {
        checkFeatures(values, frames);
        feed(0, values, frames, contexts, wanted);
        // As long as the clips are that have so many frames: hops, the frame on the end being cut.
        double seconds = (double) frames * parameters.hopLength() / parameters.sampleRate();
        Duration length = Duration.ofNanos(Math.round(seconds * 1e9));
        List<WindowResults> results = models.stream().map(LoadedModel::results).toList();
        for (int i = 0; i < networks.size(); i++) {
            networks.get(i).addTo(results.get(i), Duration.ZERO, length);
        }
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

    private void runWindow(
            float[] pcm, int samples, int frames, List<ContextEncoding.Encoded> contexts, Runnable wanted) {
        ModelSession first = networks.get(0);
        first.run(Network.PCM, Shape.of(1, samples, 1, 1), pcm, contexts.get(0), wanted);
        if (networks.size() > 1) {
            first.fetchFeatures(featuresOf(frames));
            feed(1, features, frames, contexts, wanted);
        }
    }

    /** Runs the networks from the given one on, on the same features. */
    private void feed(int first, float[] values, int frames, List<ContextEncoding.Encoded> contexts, Runnable wanted) {
        Shape shape = Shape.of(1, frames, parameters.melBands(), 1);
        for (int i = first; i < networks.size(); i++) {
            networks.get(i).run(Network.FEATURES, shape, values, contexts.get(i), wanted);
        }
    }

    @Override
    public void close() {
        networks.forEach(ModelSession::close);
    }
}
