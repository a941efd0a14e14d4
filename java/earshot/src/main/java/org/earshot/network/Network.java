package org.earshot.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.layer.Layer;

/**
 * A network as a graph of named layers over named values. A node's output carries the node's name; values that no node
 * makes are inputs. Any value may be fed instead of computed (a ready condition in place of location and time): the
 * nodes behind it then do not run.
 */
public final class Network {
    /** Samples, {@code [B, samples, 1, 1]}, of which a backend with a front end makes {@link #FEATURES}. */
    public static final String PCM = "pcm";

    /** Log-mel features, {@code [B, T, F, 1]}, dB. */
    public static final String FEATURES = "features";

    /** Row of the location embedding, {@code [B, 1]}. */
    public static final String LOCATION = "location";

    /** Time features, {@code [B, 8]}. */
    public static final String TIME_FEATURES = "time_features";

    /** The condition vector, {@code [B, K]}. */
    public static final String CONDITION = "condition";

    /** Class scores before the softmax, {@code [B, classes]}. */
    public static final String LOGITS = "logits";

    /** Scores of the coarse scenes before the softmax, {@code [B, coarse scenes]}. */
    public static final String COARSE_LOGITS = "coarse_logits";

    /** What enters the last linear layer, {@code [B, E]}. */
    public static final String EMBEDDING = "embedding";

    /**
     * One layer in its place.
     *
     * @param name what its output is called
     * @param layer the layer
     * @param inputs names of the values it reads
     */
    public record Node(String name, Layer layer, List<String> inputs) {
        /** Copies the list. */
        public Node {
            inputs = List.copyOf(inputs);
        }
    }

    private final Map<String, Node> nodes;

    private Network(Map<String, Node> nodes) {
        this.nodes = nodes;
    }

    /**
     * The layers in an order in which they can run.
     *
     * @return the nodes
     */
    public List<Node> nodes() {
        return List.copyOf(nodes.values());
    }

    /**
     * Number of trained numbers.
     *
     * @return the sum over all layers
     */
    public long parameters() {
        return nodes.values().stream()
                .mapToLong(node -> node.layer().parameters())
                .sum();
    }

    /** Collects nodes in the order they run. */
    public static final class Builder {
        private final Map<String, Node> nodes = new LinkedHashMap<>();

        /** Starts with no node. */
        public Builder() {}

        /**
         * Adds a layer.
         *
         * @param name what its output is called, not used before
         * @param layer the layer
         * @param inputs names of the values it reads: earlier nodes, or inputs of the network
         * @return the name
         */
        public String add(String name, Layer layer, String... inputs) {
            if (nodes.putIfAbsent(name, new Node(name, layer, List.of(inputs))) != null) {
                throw new IllegalArgumentException("two nodes named " + name);
            }
            return name;
        }

        /**
         * Finishes.
         *
         * @return the network
         */
        public Network build() {
            return new Network(new LinkedHashMap<>(nodes));
        }
    }
}
