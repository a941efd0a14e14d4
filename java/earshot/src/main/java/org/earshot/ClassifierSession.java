package org.earshot;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.features.LogMel;
import org.earshot.layer.Shape;
import org.earshot.model.CoarseScenes;
import org.earshot.model.ModelConfig;
import org.earshot.model.Network;
import org.earshot.model.SceneModel;
import org.earshot.model.Session;

/** A network's session with the front end's buffers: what one call computes with. */
final class ClassifierSession implements SessionPool.Session {
    private final Session session;
    private final ModelConfig config;
    private final SceneModel model;
    private final LogMel logMel;
    private final LogMel.Scratch scratch;
    private final float[] features;
    private final CoarseScenes coarseScenes;
    private final List<String> outputs;
    private final float[] logits;
    private final float[] coarseLogits;
    private float[] embedding = {};
    private float[] pcm = {};

    ClassifierSession(Session session, ModelConfig config, SceneModel model, LogMel logMel) {
        this.session = session;
        this.config = config;
        this.model = model;
        this.logMel = logMel;
        scratch = logMel.scratch();
        features = new float[config.features().frames() * config.features().melBands()];
        logits = new float[config.labels().size()];
        coarseScenes = model.coarse().orElse(null);
        coarseLogits =
                new float[coarseScenes == null ? 0 : coarseScenes.labels().size()];
        outputs = coarseScenes == null
                ? List.of(Network.LOGITS, Network.EMBEDDING)
                : List.of(Network.LOGITS, Network.EMBEDDING, Network.COARSE_LOGITS);
    }

    WindowResults run(Windows windows, ContextEncoding.Encoded context) {
        if (pcm.length < windows.workspace()) {
            pcm = new float[windows.workspace()];
        }
        WindowResults results = null;
        while (windows.next(pcm)) {
            int frames = logMel.cutFrames(windows.length());
            if (frames < model.minimumFrames()) {
                throw new AudioException(
                        windows.subject(),
                        windows.length() + " samples, " + frames + " frames",
                        "at least " + model.minimumFrames() + " frames of "
                                + config.features().hopLength() + " samples");
            }
            logMel.compute(pcm, windows.offset(), windows.length(), features, 0, scratch);
            plan(frames, context);
            session.feed(Network.FEATURES, features);
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

    private void plan(int frames, ContextEncoding.Encoded context) {
        Map<String, Shape> feeds = new HashMap<>();
        feeds.put(Network.FEATURES, Shape.of(1, frames, config.features().melBands(), 1));
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
