package org.earshot;

import java.util.ArrayList;
import java.util.List;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Shape;
import org.earshot.model.Network;

/**
 * The networks' sessions with the front end's buffers: what one call computes with. However many networks there are, a
 * window's features are computed once: by the front end or, where the backend has one of its own, before the first
 * network, whose features the others are then fed.
 */
final class ClassifierSession implements SessionPool.Session {
    private final List<LoadedModel> models;
    private final List<NetworkSession> networks = new ArrayList<>();
    private final FeatureParameters parameters;
    private final FrontEnd frontEnd;
    /** Whether the backend computes the features. */
    private final boolean takesPcm;

    private final int minimumFrames;
    private final float[] features;
    private float[] pcm = {};

    /**
     * Opens every network.
     *
     * @param models at least one, all with the same feature parameters and on the same backend
     * @param frontEnd not used if the backend has one
     */
    ClassifierSession(List<LoadedModel> models, FrontEnd frontEnd) {
        this.models = models;
        this.frontEnd = frontEnd;
        parameters = models.get(0).config().features();
        takesPcm = models.get(0).network().takesPcm();
        minimumFrames = models.stream()
                .mapToInt(model -> model.model().minimumFrames())
                .max()
                .orElseThrow();
        boolean onlyPcm = takesPcm && models.size() == 1;
        features = new float[onlyPcm ? 0 : parameters.frames() * parameters.melBands()];
        try {
            for (LoadedModel model : models) {
                boolean makesFeatures = takesPcm && !onlyPcm && networks.isEmpty();
                networks.add(new NetworkSession(model, makesFeatures));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Classifies a recording.
     *
     * @param contexts one for each model
     * @return one for each model
     */
    List<WindowResults> run(Windows windows, List<ContextEncoding.Encoded> contexts) {
        if (pcm.length < windows.workspace()) {
            pcm = new float[windows.workspace()];
        }
        List<WindowResults> results = models.stream().map(LoadedModel::results).toList();
        while (windows.next(pcm)) {
            int frames = parameters.cutFrames(windows.length());
            if (frames < minimumFrames) {
                throw new AudioException(
                        windows.subject(),
                        windows.length() + " samples, " + frames + " frames",
                        "at least " + minimumFrames + " frames of " + parameters.hopLength() + " samples");
            }
            runWindow(windows.length(), frames, contexts);
            for (int i = 0; i < networks.size(); i++) {
                networks.get(i).addTo(results.get(i), windows);
            }
        }
        return results;
    }

    private void runWindow(int samples, int frames, List<ContextEncoding.Encoded> contexts) {
        int next = 0;
        if (takesPcm) {
            networks.get(0).run(Network.PCM, Shape.of(1, samples, 1, 1), pcm, contexts.get(0));
            next = 1;
            if (networks.size() > next) {
                networks.get(0).fetchFeatures(features);
            }
        } else {
            frontEnd.compute(pcm, samples, features);
        }
        Shape shape = Shape.of(1, frames, parameters.melBands(), 1);
        for (int i = next; i < networks.size(); i++) {
            networks.get(i).run(Network.FEATURES, shape, features, contexts.get(i));
        }
    }

    @Override
    public void close() {
        networks.forEach(NetworkSession::close);
    }
}
