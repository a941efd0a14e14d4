package org.earshot;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;

/**
 * Computes windows on sessions of its own, one for each network; several windows as one batch. However many networks
 * there are, a window's features are computed once: in front of the first network, whose features the others are fed.
 */
final class NetworkRunner implements WindowRunner {
    private static final String COMPUTING = "computing";

    private final List<LoadedModel> models;
    private final List<ModelSession> networks;
    private final FeatureParameters parameters;
    /** Makes the features of windows whose numbers of samples differ; null until there are such. */
    private NetworkSession frontEnd;
    /** Of a batch; grows to the largest that there was. */
    private float[] features = {};

    /**
     * Opens every network.
     *
     * @param models at least one, all with the same feature parameters and on the same backend
     */
    NetworkRunner(List<LoadedModel> models) {
        this.models = models;
        parameters = models.get(0).config().features();
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

    /** Tells the first step of a run, which makes the features, from the others. */
    private static final class Steps implements Runnable {
        private final Progress progress;
        private final long begun = System.nanoTime();
        private int count;
        private long featuresNanos;

        Steps(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void run() {
            progress.requireWanted(COMPUTING);
            if (++count == 2) {
                featuresNanos = System.nanoTime() - begun;
            }
        }
    }

    /** Threads that compute in a run, the caller's included. */
    int threads() {
        return networks.stream().mapToInt(ModelSession::threads).max().orElseThrow();
    }

    /**
     * The memory that runs take, without taking it.
     *
     * @param window a full one
     * @param batch windows at once
     * @return floats of all networks together
     */
    long workspaceFloats(WindowInput window, int batch) {
        long floats = 0;
        for (int i = 0; i < networks.size(); i++) {
            boolean samples = i == 0;
            Shape shape = samples
                    ? Shape.of(batch, window.samples(), 1, 1)
                    : Shape.of(batch, window.frames(), parameters.melBands(), 1);
            List<ContextEncoding.Encoded> contexts =
                    Collections.nCopies(batch, window.contexts().get(i));
            floats = Math.addExact(
                    floats, networks.get(i).workspaceFloats(samples ? Network.PCM : Network.FEATURES, shape, contexts));
        }
        return floats;
    }

    @Override
    public Outputs run(List<WindowInput> windows, Progress progress) {
        long begun = System.nanoTime();
        WindowInput one = windows.get(0);
        long featuresNanos;
        if (windows.stream().allMatch(window -> window.pcm() && window.samples() == one.samples())) {
            featuresNanos = runSamples(windows, one.samples(), progress);
        } else {
            featuresNanos = makeFeatures(windows, progress);
            feed(0, windows, progress);
        }
        List<List<NetworkOutput>> outputs = new ArrayList<>();
        windows.forEach(window -> outputs.add(new ArrayList<>(networks.size())));
        for (ModelSession network : networks) {
            network.addTo(outputs);
        }
        return new Outputs(outputs, 0, featuresNanos, System.nanoTime() - begun - featuresNanos, windows.size());
    }

    private long runSamples(List<WindowInput> windows, int samples, Progress progress) {
        Steps steps = new Steps(progress);
        ModelSession first = networks.get(0);
        first.run(
                Network.PCM,
                Shape.of(windows.size(), samples, 1, 1),
                joined(windows, samples),
                contexts(0, windows),
                steps);
        if (networks.size() > 1) {
            first.fetchFeatures(room(windows));
            feed(1, windows, progress);
        }
        return steps.featuresNanos;
    }

    /** The samples one behind another; those of one window where they are. */
    private static float[] joined(List<WindowInput> windows, int samples) {
        if (windows.size() == 1) {
            return windows.get(0).values();
        }
        float[] all = new float[Math.multiplyExact(windows.size(), samples)];
        for (int i = 0; i < windows.size(); i++) {
            System.arraycopy(windows.get(i).values(), 0, all, i * samples, samples);
        }
        return all;
    }

    /** Room for the features of all windows. */
    private float[] room(List<WindowInput> windows) {
        int values = Math.multiplyExact(windows.size(), values(windows.get(0)));
        if (features.length < values) {
            features = new float[values];
        }
        return features;
    }

    /** Values of a window's features. */
    private int values(WindowInput window) {
        return window.frames() * parameters.melBands();
    }

    /** Puts the features of all windows into {@link #features}, window by window; returns how long that took. */
    private long makeFeatures(List<WindowInput> windows, Progress progress) {
        long begun = System.nanoTime();
        float[] all = room(windows);
        for (int i = 0; i < windows.size(); i++) {
            WindowInput window = windows.get(i);
            float[] own = window.pcm() ? featuresOf(window, progress) : window.values();
            System.arraycopy(own, 0, all, i * values(window), values(window));
        }
        return System.nanoTime() - begun;
    }

    private float[] featuresOf(WindowInput window, Progress progress) {
        progress.requireWanted("computing features");
        if (frontEnd == null) {
            frontEnd = models.get(0).network().open();
        }
        frontEnd.plan(Map.of(Network.PCM, Shape.of(1, window.samples(), 1, 1)), List.of(Network.FEATURES));
        frontEnd.feed(Network.PCM, window.values());
        frontEnd.run();
        float[] made = new float[values(window)];
        frontEnd.fetch(Network.FEATURES, made);
        return made;
    }

    private static List<ContextEncoding.Encoded> contexts(int network, List<WindowInput> windows) {
        return windows.stream().map(window -> window.contexts().get(network)).toList();
    }

    /** Runs the networks from the given one on, on the same features. */
    private void feed(int first, List<WindowInput> windows, Progress progress) {
        int frames = windows.get(0).frames();
        Shape shape = Shape.of(windows.size(), frames, parameters.melBands(), 1);
        for (int i = first; i < networks.size(); i++) {
            networks.get(i)
                    .run(
                            Network.FEATURES,
                            shape,
                            features,
                            contexts(i, windows),
                            () -> progress.requireWanted(COMPUTING));
        }
    }

    @Override
    public void close() {
        networks.forEach(ModelSession::close);
        if (frontEnd != null) {
            frontEnd.close();
        }
    }
}
