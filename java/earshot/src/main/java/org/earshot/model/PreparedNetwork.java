package org.earshot.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.earshot.backend.Backend;
import org.earshot.backend.Operation;

/**
 * A network whose weights a backend has prepared, once for all sessions. Thread-safe; sessions are closed before it is.
 */
public final class PreparedNetwork implements AutoCloseable {
    private final Network network;
    private final Backend backend;
    private final Map<String, Operation> operations = new LinkedHashMap<>();

    /**
     * Prepares every layer.
     *
     * @param network the network
     * @param backend what computes it
     * @throws org.earshot.BackendException if the backend cannot
     */
    public PreparedNetwork(Network network, Backend backend) {
        this.network = network;
        this.backend = backend;
        try {
            for (Network.Node node : network.nodes()) {
                operations.put(node.name(), backend.prepare(node.layer()));
            }
        } catch (RuntimeException e) {
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
    public Session open() {
        return new Session(this, backend.open());
    }

    Operation operation(String node) {
        return operations.get(node);
    }

    @Override
    public void close() {
        operations.values().forEach(Operation::close);
        operations.clear();
    }
}
