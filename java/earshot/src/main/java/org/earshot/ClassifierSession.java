package org.earshot;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.layer.Shape;
import org.earshot.model.CoarseScenes;
import org.earshot.model.ModelConfig;
import org.earshot.model.Network;
import org.earshot.model.PreparedNetwork;
import org.earshot.model.SceneModel;
import org.earshot.model.Session;

/** A network's session with the front end's buffers: what one call computes with. */
final class ClassifierSession implements SessionPool.Session {
    private final Session session;
    private final ModelConfig config;
    private final SceneModel model;
    private final LogMel logMel;
    private final LogMel.Scratch scratch;
    /** Whether the backend computes the features. */
    private final boolean takesPcm;

    private final float[] features;
    private final CoarseScenes coarseScenes;
    private final List<String> outputs;
    private final float[] logits;
    private final float[] coarseLogits;
    private float[] embedding = {};
    private float[] pcm = {};

    ClassifierSession(PreparedNetwork network, ModelConfig config, SceneModel model, LogMel logMel) {
        this.config = config;
        this.model = model;
        this.logMel = logMel;
        takesPcm = network.takesPcm();
        scratch = logMel.scratch();
        FeatureParameters parameters = config.features();
        features = new float[takesPcm ? 0 : parameters.frames() * parameters.melBands()];
        logits = new float[config.labels().size()];
        coarseScenes = model.coarse().orElse(null);
        coarseLogits =
                new float[coarseScenes == null ? 0 : coarseScenes.labels().size()];
        outputs = coarseScenes == null
                ? List.of(Network.LOGITS, Network.EMBEDDING)
                : List.of(Network.LOGITS, Network.EMBEDDING, Network.COARSE_LOGITS);
        session = network.open();
    }

    WindowResults run(Windows windows, ContextEncoding.Encoded context) {
        if (pcm.length < windows.workspace()) {
            pcm = new float[windows.workspace()];
        }
        WindowResults results = null;
        while (windows.next(pcm)) {
            int frames = config.features().cutFrames(windows.length());
            if (frames < model.minimumFrames()) {
                throw new AudioException(
                        windows.subject(),
                        windows.length() + " samples, " + frames + " frames",
                        "at least " + model.minimumFrames() + " frames of "
                                + config.features().hopLength() + " samples");
            }
            plan(windows.length(), context);
            if (takesPcm) {
                session.feed(Network.PCM, pcm);
            } else {
                logMel.compute(pcm, 0, windows.length(), features, 0, scratch);
                session.feed(Network.FEATURES, features);
            }
            context.values().forEach(session::feed);
            session.run();
            session.fetch(Network.LOGITS, logits);
            session.fetch(Network.EMBEDDING, embedding);
            if (coarseScenes != null) {
                session.fetch(Network.COARSE_LOGITS, coarseLogits);
            }
            if (results == null) {
                results = new WindowResults(config.labels(), coarseScenes, embedding.length);
            }
            results.add(windows.start(), windows.duration(), logits, coarseLogits, embedding);
        }
        return results;
    }

    private void plan(int samples, ContextEncoding.Encoded context) {
        FeatureParameters parameters = config.features();
        Map<String, Shape> feeds = new HashMap<>();
        if (takesPcm) {
            feeds.put(Network.PCM, Shape.of(1, samples, 1, 1));
        } else {
            feeds.put(Network.FEATURES, Shape.of(1, parameters.cutFrames(samples), parameters.melBands(), 1));
        }
        context.values().keySet().forEach(name -> feeds.put(name, context.shape(name)));
        session.plan(feeds, outputs);
        int width = session.shape(Network.EMBEDDING).extent(-1);
        if (embedding.length != width) {
            embedding = new float[width];
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
