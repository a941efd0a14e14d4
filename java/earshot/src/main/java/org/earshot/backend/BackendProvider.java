package org.earshot.backend;

import java.util.OptionalInt;
import org.earshot.error.BackendException;

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
     * @param device which of several devices, from 0 on; empty for the first, and for a backend without any
     * @return the backend, not yet tested
     * @throws org.earshot.error.BackendException if it cannot run here, not in this precision, or not on this device;
     *     the message says why, and what would help
     */
    Backend start(int threads, Precision precision, OptionalInt device);

    /**
     * Refuses a device for a backend that has none.
     *
     * @param name the backend's name
     * @param device what was asked for
     * @throws org.earshot.error.BackendException if a device was
     */
    static void requireNoDevice(String name, OptionalInt device) {
        if (device.isPresent()) {
            throw new BackendException(
                    name, "device " + device.getAsInt(), "none, since it computes on processors, or backend cuda");
        }
    }
}
