package org.earshot.parity;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.earshot.backend.Backend;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;

/**
 * Any values of a network, from any that are fed.
 *
 * @param nodes the network's, and what was made for looking inside them
 * @param features how features are made of samples
 */
record NetworkValues(List<Network.Node> nodes, FeatureParameters features) {
    /** The nodes that a run takes, in the order they run. */
    List<Network.Node> needed(Set<String> fed, Collection<String> wanted) {
        Set<String> open = new HashSet<>(wanted);
        List<Network.Node> needed = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Network.Node node = nodes.get(i);
            if (open.contains(node.name()) && !fed.contains(node.name())) {
                open.addAll(node.inputs());
                needed.add(0, node);
            }
        }
        return needed;
    }

    /** The shapes of all values that can be made of what is fed. */
    Map<String, Shape> shapes(Map<String, Feed> feeds) {
        Map<String, Shape> shapes = new HashMap<>();
        feeds.forEach((name, feed) -> shapes.put(name, feed.shape()));
        if (feeds.containsKey(Network.PCM)) {
            Shape pcm = feeds.get(Network.PCM).shape();
            int frames = features.cutFrames(pcm.extent(1));
            shapes.putIfAbsent(Network.FEATURES, Shape.of(pcm.extent(0), frames, features.melBands(), 1));
        }
        for (Network.Node node : nodes) {
            List<Shape> inputs = inputs(node, shapes);
            if (!shapes.containsKey(node.name()) && !inputs.contains(null)) {
                try {
                    shapes.put(node.name(), node.layer().outputShape(inputs));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(node.name() + ": " + e.getMessage(), e);
                }
            }
        }
        return shapes;
    }

    /** The shapes of a node's inputs; null for one that is not known. */
    static List<Shape> inputs(Network.Node node, Map<String, Shape> shapes) {
        List<Shape> inputs = new ArrayList<>();
        node.inputs().forEach(name -> inputs.add(shapes.get(name)));
        return inputs;
    }

    /**
     * Computes values.
     *
     * @param backend what computes
     * @param feeds what is fed
     * @param wanted values to be made, or fed
     * @return each by its name
     * @throws IllegalArgumentException if a layer cannot take its input, or a value needs one that is not fed
     */
    Map<String, Grid> compute(Backend backend, Map<String, Feed> feeds, List<String> wanted) {
        Network.Builder builder = new Network.Builder();
        needed(feeds.keySet(), wanted)
                .forEach(node ->
                        builder.add(node.name(), node.layer(), node.inputs().toArray(String[]::new)));
        Map<String, Shape> shapes = new LinkedHashMap<>();
        feeds.forEach((name, feed) -> shapes.put(name, feed.shape()));
        List<String> made = wanted.stream()
                .filter(name -> !feeds.containsKey(name))
                .distinct()
                .toList();
        Map<String, Grid> values = new HashMap<>();
        feeds.forEach((name, feed) -> values.put(name, feed.grid()));
        if (made.isEmpty()) {
            return values;
        }
        try (PreparedNetwork network = feeds.containsKey(Network.PCM)
                        ? new PreparedNetwork(builder.build(), backend, features)
                        : new PreparedNetwork(builder.build(), backend);
                NetworkSession session = network.open()) {
            session.plan(shapes, made);
            feeds.forEach((name, feed) -> session.feed(name, feed.values()));
            session.run();
            for (String name : made) {
                Shape shape = session.shape(name);
                float[] target = new float[Math.toIntExact(shape.elements())];
                session.fetch(name, target);
                values.put(name, Grid.of(shape, target));
            }
        }
        return values;
    }
}
