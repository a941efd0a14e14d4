package org.earshot.network;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.features.FeatureParameters;

/**
 * A network whose weights a backend has prepared, once for all sessions. Thread-safe; sessions are closed before it is.
 */
public final class PreparedNetwork implements AutoCloseable {
    private final Network network;
    private final Backend backend;
    private final List<Node> nodes = new ArrayList<>();

    /** An operation in its place: a layer of the network, or the front end before it. */
    record Node(String name, Operation operation, List<String> inputs) {}

    /**
     * Prepares every layer.
     *
     * @param network the network
     * @param backend what computes it
     * @throws org.earshot.error.BackendException if the backend cannot
     */
    public PreparedNetwork(Network network, Backend backend) {
        this(network, backend, List.of());
    }

    /**
     * Prepares every layer, and in front of them the front end, which makes {@link Network#FEATURES} of
     * {@link Network#PCM}: either may then be fed.
     *
     * @param network the network
     * @param backend what computes it
     * @param features how its features are made
     * @throws org.earshot.error.BackendException if the backend cannot
     */
    public PreparedNetwork(Network network, Backend backend, FeatureParameters features) {
        this(network, backend, List.of(new Node(Network.FEATURES, backend.frontEnd(features), List.of(Network.PCM))));
    }

    private PreparedNetwork(Network network, Backend backend, List<Node> inFront) {
        this.network = network;
        this.backend = backend;
        nodes.addAll(inFront);
        try {
            for (Network.Node node : network.nodes()) {
                nodes.add(new Node(node.name(), backend.prepare(node.layer()), node.inputs()));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * The network.
     *
     * @return what was prepared
     */
    public Network network() {
        return network;
    }

    /**
     * The backend.
     *
     * @return what computes it
     */
    public Backend backend() {
        return backend;
    }

    /**
     * Opens a session, with memory and threads of its own.
     *
     * @return the session, which the caller closes
     */
    public NetworkSession open() {
        Execution execution = backend.open();
        try {
            return new NetworkSession(this, execution);
        } catch (RuntimeException | Error e) {
            execution.close();
            throw e;
        }
    }

    /** All operations in an order in which they can run. */
    List<Node> nodes() {
        return nodes;
    }

    @Override
    public void close() {
        nodes.forEach(node -> node.operation().close());
        nodes.clear();
    }
}
