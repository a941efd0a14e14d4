package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;

/** One model's share of a {@link ClassifierSession}: its network's session and what is read of it. */
final class ModelSession implements SessionPool.Pooled {
    private final NetworkSession session;
    private final List<String> outputs;
    private final float[] logits;
    private final float[] coarseLogits;
    private float[] embedding = {};

    /**
     * Opens the network's session.
     *
     * @param model whose network it is
     * @param featuresToo whether the features are to be fetched, which the network then makes itself
     */
    ModelSession(LoadedModel model, boolean featuresToo) {
        logits = new float[model.config().labels().size()];
        outputs = new ArrayList<>(List.of(Network.LOGITS, Network.EMBEDDING));
        coarseLogits = new float
                [model.model().coarse().map(coarse -> coarse.labels().size()).orElse(0)];
        if (coarseLogits.length > 0) {
            outputs.add(Network.COARSE_LOGITS);
        }
        if (featuresToo) {
            outputs.add(Network.FEATURES);
        }
        session = model.network().open();
    }

    /** Runs the network on one window's features, or on its PCM, unless {@code wanted} throws between two steps. */
    void run(String input, Shape shape, float[] values, ContextEncoding.Encoded context, Runnable wanted) {
        Map<String, Shape> feeds = new HashMap<>();
        feeds.put(input, shape);
        context.values().keySet().forEach(name -> feeds.put(name, context.shape(name)));
        session.plan(feeds, outputs);
        Map<String, float[]> fed = new HashMap<>(context.values());
        fed.put(input, values);
        session.feed(fed);
        session.run(wanted);
    }

    /** Reads the features that the network made of the PCM it was last run on. */
    void fetchFeatures(float[] target) {
        session.fetch(Network.FEATURES, target);
    }

    /** Reads what the network said of the window it was last run on. */
    void addTo(WindowResults results, Duration start, Duration length) {
        int width = session.shape(Network.EMBEDDING).extent(-1);
        if (embedding.length != width) {
            embedding = new float[width];
        }
        session.fetch(Network.LOGITS, logits);
        session.fetch(Network.EMBEDDING, embedding);
        if (coarseLogits.length > 0) {
            session.fetch(Network.COARSE_LOGITS, coarseLogits);
        }
        results.add(start, length, logits, coarseLogits, embedding);
    }

    @Override
    public void close() {
        session.close();
    }
}
