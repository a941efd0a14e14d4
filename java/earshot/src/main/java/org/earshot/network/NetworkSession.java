package org.earshot.network;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Operation;
import org.earshot.backend.View;
import org.earshot.layer.Shape;

/**
 * Runs a network for one caller at a time. {@link #plan} lays out the workspace for the shapes of a run, once; after it
 * {@link #feed}, {@link #run} and {@link #fetch} repeat without allocating.
 */
public final class NetworkSession implements AutoCloseable {
    private final PreparedNetwork prepared;
    private final Execution execution;
    private Memory arena;
    private Plan plan;

    private record Plan(
            Map<String, Shape> feeds,
            List<String> outputs,
            Map<String, View> views,
            View results,
            List<String> feedOrder,
            List<String> nodes,
            List<Operation.Step> steps) {}

    NetworkSession(PreparedNetwork prepared, Execution execution) {
        this.prepared = prepared;
        this.execution = execution;
    }

    /**
     * Plans runs of given shapes: which layers are needed, what they make, where it lies. Does nothing if the session
     * is already planned for the same.
     *
     * @param feeds shapes of the values that will be fed, by name
     * @param outputs names of the values that will be fetched
     * @throws IllegalArgumentException if a layer cannot take its input, or an output needs a value that is not fed;
     *     the message names the layer
     * @throws org.earshot.error.BackendException if the memory is not to be had
     */
    public void plan(Map<String, Shape> feeds, List<String> outputs) {
        if (plan != null && plan.feeds.equals(feeds) && plan.outputs.equals(outputs)) {
            return;
        }
        plan = null;
        List<PreparedNetwork.Node> nodes = needed(feeds.keySet(), outputs);
        Workspace workspace = new Workspace(feeds, outputs, nodes, execution);
        reserve(workspace.floats());
        Map<String, View> views = workspace.views(arena);
        List<Operation.Step> steps = new ArrayList<>();
        for (int step = 0; step < nodes.size(); step++) {
            PreparedNetwork.Node node = nodes.get(step);
            List<View> inputs = node.inputs().stream().map(views::get).toList();
            View output = views.get(node.name());
            steps.add(node.operation().bind(execution, inputs, output, workspace.scratch(step, arena)));
        }
        plan = new Plan(
                Map.copyOf(feeds),
                List.copyOf(outputs),
                views,
                workspace.results(arena),
                workspace.feedOrder(),
                nodes.stream().map(PreparedNetwork.Node::name).toList(),
                List.copyOf(steps));
    }

    /**
     * The memory that a plan takes, without taking it.
     *
     * @param feeds as for {@link #plan}
     * @param outputs likewise
     * @return number of float32 values
     * @throws IllegalArgumentException as there
     */
    public long workspaceFloats(Map<String, Shape> feeds, List<String> outputs) {
        return new Workspace(feeds, outputs, needed(feeds.keySet(), outputs), execution).floats();
    }

    /** The nodes that the outputs need and the feeds do not replace, in the order they run. */
    private List<PreparedNetwork.Node> needed(Set<String> feeds, List<String> outputs) {
        Set<String> wanted = new HashSet<>(outputs);
        List<PreparedNetwork.Node> all = prepared.nodes();
        List<PreparedNetwork.Node> nodes = new ArrayList<>();
        for (int i = all.size() - 1; i >= 0; i--) {
            PreparedNetwork.Node node = all.get(i);
            if (wanted.contains(node.name()) && !feeds.contains(node.name())) {
                wanted.addAll(node.inputs());
                nodes.add(0, node);
            }
        }
        wanted.removeAll(feeds);
        all.forEach(node -> wanted.remove(node.name()));
        List<String> missing = wanted.stream().sorted().toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "values that are neither fed nor computed by the network: " + String.join(", ", missing));
        }
        return nodes;
    }

    private void reserve(long floats) {
        if (arena != null && arena.floats() >= floats) {
            return;
        }
        if (arena != null) {
            arena.close();
            arena = null;
        }
        arena = execution.allocate(floats);
    }

    /**
     * Hands in a value.
     *
     * @param name one of the planned feeds
     * @param values row-major, at least as many as its shape has elements
     */
    public void feed(String name, float[] values) {
        execution.write(values, view(name));
    }

    /**
     * Hands in several values, in the order in which they reach a device fastest.
     *
     * @param values some of the planned feeds by name; each as for {@link #feed(String, float[])}
     */
    public void feed(Map<String, float[]> values) {
        List<String> order = planned().feedOrder;
        int fed = 0;
        // Not an iterator: feeding allocates nothing.
        for (int i = 0; i < order.size(); i++) {
            float[] value = values.get(order.get(i));
            if (value != null) {
                feed(order.get(i), value);
                fed++;
            }
        }
        if (fed < values.size()) {
            throw new IllegalArgumentException("values " + values.keySet() + "; planned were " + order);
        }
    }

    /**
     * Runs the planned layers on the values fed; on a device it may return before they are done, which {@link #fetch}
     * is not.
     */
    public void run() {
        run(Execution.GOES_ON);
    }

    /**
     * Runs as {@link #run()} does, unless the caller gives it up.
     *
     * @param beforeEach called before each layer, on a device before the first one only; what it throws ends the run,
     *     after which the session is as good as before
     */
    public void run(Runnable beforeEach) {
        Plan current = planned();
        execution.run(current.steps, beforeEach);
        if (current.results != null) {
            execution.prefetch(current.results);
        }
    }

    /**
     * Runs the planned layers one by one. Slower than {@link #run}: it waits for each layer's end.
     *
     * @return how long each took, by its node's name, in the order they ran
     */
    public Map<String, Duration> profile() {
        Plan current = planned();
        execution.finish();
        Map<String, Duration> times = new LinkedHashMap<>();
        for (int i = 0; i < current.steps.size(); i++) {
            List<Operation.Step> step = List.of(current.steps.get(i));
            long start = System.nanoTime();
            execution.run(step);
            execution.finish();
            times.put(current.nodes.get(i), Duration.ofNanos(System.nanoTime() - start));
        }
        return times;
    }

    /**
     * Reads a value after a run.
     *
     * @param name one of the planned outputs
     * @param target at least as long as its shape has elements
     */
    public void fetch(String name, float[] target) {
        execution.read(view(name), target);
    }

    /**
     * The shape of a fed or computed value of the current plan.
     *
     * @param name the value
     * @return its shape
     */
    public Shape shape(String name) {
        return view(name).shape();
    }

    private View view(String name) {
        View view = planned().views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("no value '" + name + "' in the plan");
        }
        return view;
    }

    private Plan planned() {
        if (plan == null) {
            throw new IllegalStateException("no plan");
        }
        return plan;
    }

    /**
     * Threads that compute in a run, the caller's included.
     *
     * @return at least 1
     */
    public int threads() {
        return execution.threads();
    }

    /** Frees memory and threads. A second call does nothing. */
    @Override
    public void close() {
        plan = null;
        if (arena != null) {
            arena.close();
            arena = null;
        }
        execution.close();
    }
}
