package org.earshot.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
    private final boolean takesPcm;

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
        this(network, backend, Optional.empty());
    }

    /**
     * Prepares every layer, and in front of them what makes {@link Network#FEATURES} of {@link Network#PCM}, if the
     * backend has such a front end.
     *
     * @param network the network
     * @param backend what computes it
     * @param features how its features are made
     * @throws org.earshot.error.BackendException if the backend cannot
     */
    public PreparedNetwork(Network network, Backend backend, FeatureParameters features) {
        this(network, backend, backend.frontEnd(features));
    }

    private PreparedNetwork(Network network, Backend backend, Optional<Operation> frontEnd) {
        this.network = network;
        this.backend = backend;
        takesPcm = frontEnd.isPresent();
        frontEnd.ifPresent(operation -> nodes.add(new Node(Network.FEATURES, operation, List.of(Network.PCM))));
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
     * Whether {@link Network#PCM} may be fed in place of {@link Network#FEATURES}.
     *
     * @return true if the backend has a front end
     */
    public boolean takesPcm() {
        return takesPcm;
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
