package org.earshot.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.View;
import org.earshot.layer.Shape;

/**
 * What a run needs and where it lies in one arena: the values that are fed, those that nodes make, and their scratch
 * memory. The fed values follow one another without a gap, the largest first, and so do, but for alignment, the values
 * that are asked for: a device is handed the ones, and hands out the others, in one copy each.
 */
final class Workspace {
    /** Of more floats than these, a copy takes so long that waiting once more does not matter. */
    private static final long MOST_RESULTS = 1 << 16;

    private record Placed(ArenaPlan.Block block, long within, Shape shape) {
        View in(Memory arena) {
            return new View(arena, block.offset() + within, shape);
        }
    }

    private final Map<String, Placed> values = new HashMap<>();
    private final List<Placed> scratches = new ArrayList<>();
    private final List<String> feedOrder;
    private final ArenaPlan plan = new ArenaPlan();
    private final long floats;
    private Placed results;

    /**
     * Lays out a run.
     *
     * @param feeds shapes of the values that are fed
     * @param outputs values that are asked for, fed or made by a node
     * @param nodes in the order they run
     * @param execution where
     * @throws IllegalArgumentException if a node cannot take its input, or if the sizes are beyond what 64 bits count
     */
    Workspace(Map<String, Shape> feeds, List<String> outputs, List<PreparedNetwork.Node> nodes, Execution execution) {
        feedOrder = feeds.keySet().stream()
                .sorted(Comparator.comparingLong(
                                (String name) -> feeds.get(name).elements())
                        .reversed()
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        try {
            placeFeeds(feeds, nodes.size());
            List<Shape> shapes = placeScratches(feeds, nodes, execution);
            placeResults(outputs, nodes, shapes);
            placeOthers(nodes, shapes);
            floats = plan.place();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("inputs of more values than can be counted: " + feeds, e);
        }
    }

    /** Fed values live from before the first step, so that a run may be repeated without feeding again. */
    private void placeFeeds(Map<String, Shape> feeds, int steps) {
        long sum = 0;
        for (Shape shape : feeds.values()) {
            sum = Math.addExact(sum, shape.elements());
        }
        ArenaPlan.Block block = plan.add(sum, 0, steps);
        long within = 0;
        for (String name : feedOrder) {
            Shape shape = feeds.get(name);
            values.put(name, new Placed(block, within, shape));
            within += shape.elements();
        }
    }

    /** Places each node's scratch memory; returns what each makes. */
    private List<Shape> placeScratches(
            Map<String, Shape> feeds, List<PreparedNetwork.Node> nodes, Execution execution) {
        Map<String, Shape> known = new HashMap<>(feeds);
        List<Shape> made = new ArrayList<>();
        for (int step = 0; step < nodes.size(); step++) {
            PreparedNetwork.Node node = nodes.get(step);
            List<Shape> inputs = node.inputs().stream().map(known::get).toList();
            Shape output;
            try {
                output = node.operation().outputShape(inputs);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(node.name() + ": " + e.getMessage(), e);
            }
            known.put(node.name(), output);
            made.add(output);
            Shape scratch = Shape.withRoomFor(node.operation().scratch(inputs, execution));
            scratches.add(new Placed(plan.add(scratch.elements(), step, step), 0, scratch));
        }
        return made;
    }

    /** What nodes make and is asked for: one block, from the first of them to the end. */
    private void placeResults(List<String> outputs, List<PreparedNetwork.Node> nodes, List<Shape> shapes) {
        int[] steps = IntStream.range(0, nodes.size())
                .filter(step -> outputs.contains(nodes.get(step).name()))
                .toArray();
        OptionalInt first = IntStream.of(steps).findFirst();
        if (first.isEmpty()) {
            return;
        }
        long sum = 0;
        for (int step : steps) {
            sum = Math.addExact(sum, ArenaPlan.aligned(shapes.get(step).elements()));
        }
        ArenaPlan.Block block = plan.add(sum, first.getAsInt(), nodes.size());
        long within = 0;
        for (int step : steps) {
            values.put(nodes.get(step).name(), new Placed(block, within, shapes.get(step)));
            within += ArenaPlan.aligned(shapes.get(step).elements());
        }
        if (sum <= MOST_RESULTS) {
            results = new Placed(block, 0, Shape.of((int) sum));
        }
    }

    /** What nodes make for other nodes lives as long as those read it. */
    private void placeOthers(List<PreparedNetwork.Node> nodes, List<Shape> shapes) {
        for (int step = 0; step < nodes.size(); step++) {
            PreparedNetwork.Node node = nodes.get(step);
            if (!values.containsKey(node.name())) {
                Shape shape = shapes.get(step);
                values.put(node.name(), new Placed(plan.add(shape.elements(), step, step), 0, shape));
            }
            for (String input : node.inputs()) {
                values.get(input).block().aliveAt(step);
            }
        }
    }

    /** The size of the arena. */
    long floats() {
        return floats;
    }

    /** The fed values as they lie one behind the other. */
    List<String> feedOrder() {
        return feedOrder;
    }

    /** Every value in its place. */
    Map<String, View> views(Memory arena) {
        Map<String, View> views = new HashMap<>();
        values.forEach((name, placed) -> views.put(name, placed.in(arena)));
        return views;
    }

    /** A node's scratch memory. */
    View scratch(int step, Memory arena) {
        return scratches.get(step).in(arena);
    }

    /**
     * All that nodes make and is asked for, with what lies between; null if that is nothing, or too much for a copy.
     */
    View results(Memory arena) {
        return results == null ? null : results.in(arena);
    }
}
