package org.earshot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;

/** One model's share of a {@link NetworkRunner}: its network's session and what is read of it. */
final class ModelSession implements AutoCloseable {
    private static final float[] NONE = {};

    private final NetworkSession session;
    private final List<String> outputs;
    private final boolean twoStages;

    /**
     * Opens the network's session.
     *
     * @param model whose network it is
     * @param featuresToo whether the features are to be fetched, which the network then makes itself
     */
    ModelSession(LoadedModel model, boolean featuresToo) {
        outputs = new ArrayList<>(List.of(Network.LOGITS, Network.EMBEDDING));
        twoStages = model.model().coarse().isPresent();
        if (twoStages) {
            outputs.add(Network.COARSE_LOGITS);
        }
        if (featuresToo) {
            outputs.add(Network.FEATURES);
        }
        session = model.network().open();
    }

    /**
     * Runs the network on windows' features, or on their PCM, unless {@code wanted} throws between two steps.
     *
     * @param shape of all values, the windows first
     * @param contexts one for each window, of equal kinds
     */
    void run(String input, Shape shape, float[] values, List<ContextEncoding.Encoded> contexts, Runnable wanted) {
        Map<String, float[]> fed = new HashMap<>();
        fed.put(input, values);
        contexts.get(0).values().keySet().forEach(name -> fed.put(name, joined(name, contexts)));
        session.plan(feeds(input, shape, contexts), outputs);
        session.feed(fed);
        session.run(wanted);
    }

    private static Map<String, Shape> feeds(String input, Shape shape, List<ContextEncoding.Encoded> contexts) {
        Map<String, Shape> feeds = new HashMap<>();
        feeds.put(input, shape);
        contexts.get(0).values().forEach((name, value) -> feeds.put(name, Shape.of(contexts.size(), value.length)));
        return feeds;
    }

    /** The memory that {@link #run} would take, in floats. */
    long workspaceFloats(String input, Shape shape, List<ContextEncoding.Encoded> contexts) {
        return session.workspaceFloats(feeds(input, shape, contexts), outputs);
    }

    private static float[] joined(String name, List<ContextEncoding.Encoded> contexts) {
        float[] first = contexts.get(0).values().get(name);
        if (contexts.size() == 1) {
            return first;
        }
        float[] all = Arrays.copyOf(first, contexts.size() * first.length);
        for (int i = 1; i < contexts.size(); i++) {
            System.arraycopy(contexts.get(i).values().get(name), 0, all, i * first.length, first.length);
        }
        return all;
    }

    int threads() {
        return session.threads();
    }

    /** Reads the features that the network made of the PCM it was last run on. */
    void fetchFeatures(float[] target) {
        session.fetch(Network.FEATURES, target);
    }

    /**
     * Reads what the network said of the windows it was last run on.
     *
     * @param windows takes it, one list for each
     */
    void addTo(List<List<NetworkOutput>> windows) {
        float[] logits = fetch(Network.LOGITS);
        float[] embeddings = fetch(Network.EMBEDDING);
        float[] coarseLogits = twoStages ? fetch(Network.COARSE_LOGITS) : NONE;
        int count = windows.size();
        for (int i = 0; i < count; i++) {
            windows.get(i)
                    .add(new NetworkOutput(
                            part(logits, i, count), part(coarseLogits, i, count), part(embeddings, i, count)));
        }
    }

    private float[] fetch(String output) {
        float[] values = new float[Math.toIntExact(session.shape(output).elements())];
        session.fetch(output, values);
        return values;
    }

    private static float[] part(float[] all, int index, int count) {
        int length = all.length / count;
        return count == 1 ? all : Arrays.copyOfRange(all, index * length, (index + 1) * length);
    }

    @Override
    public void close() {
        session.close();
    }
}
