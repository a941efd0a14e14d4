package org.earshot.backend;

/** Starts one kind of backend, where it can run. */
public interface BackendProvider {
    /**
     * The backend's name.
     *
     * @return for example {@code "portable"}
     */
    String name();

    /**
     * Starts the backend.
     *
     * @param threads of every execution that computes on the CPU, the caller's included; at least 1
     * @param precision of its products
     * @return the backend, not yet tested
     * @throws org.earshot.BackendException if it cannot run here, or not in this precision; the message says why, and
     *     what would help
     */
    Backend start(int threads, Precision precision);
}
