package org.earshot.parity;

import java.util.HashMap;
import java.util.Map;
import org.earshot.layer.Shape;
import org.earshot.network.Network;

/** The values of a network's nodes as the reference made them, as far as its modules' outputs say. */
final class ReferenceValues {
    private final Map<String, Shape> shapes;
    private final Map<String, Feed> values;
    private final Map<String, Grid> parts = new HashMap<>();

    /** @param feeds the network's inputs, from which on is known what is known */
    ReferenceValues(Map<String, Shape> shapes, Map<String, Feed> feeds) {
        this.shapes = shapes;
        values = new HashMap<>(feeds);
    }

    /** Takes in a module's output; to be called in the order in which the modules run. */
    void add(Item item, Grid reference) {
        if (!item.node().equals(item.output().nodes().get(0).name())) {
            return;
        }
        if (item.output().residual()) {
            Network.Node node = item.output().nodes().get(0);
            Feed input = values.get(node.inputs().get(0));
            if (input != null) {
                put(item.node(), reference.plus(input.grid()));
            }
        } else if (item.output().isAllOf(item.node())) {
            put(item.node(), reference);
        } else if (item.output().channels() > 0) {
            addPart(item, reference);
        }
    }

    /** Two parts that lie side by side are the whole. */
    private void addPart(Item item, Grid reference) {
        Grid other = parts.put(item.node(), reference);
        int whole = shapes.get(item.node()).extent(-1);
        if (other != null && other.channels() + reference.channels() == whole) {
            put(item.node(), item.output().first() == 0 ? reference.beside(other) : other.beside(reference));
        }
    }

    /** Takes in what the reference made of a value. */
    void put(String node, Grid grid) {
        values.put(node, new Feed(shapes.get(node), grid.values()));
    }

    /** All that is known but for one node. */
    Map<String, Feed> without(String node) {
        Map<String, Feed> others = new HashMap<>(values);
        others.remove(node);
        return others;
    }
}
