package org.earshot;

import java.util.Objects;

/**
 * Whether a classifier can answer, for a service's health check.
 *
 * @param state what it is in
 * @param reason why it is not ready; empty if it is
 */
public record ClassifierHealth(State state, String reason) {
    /** What a classifier can be in. */
    public enum State {
        /** Calls are answered, or told that it is busy. */
        READY,
        /** It was closed, or is being closed. */
        CLOSED,
        /** Every device that it runs on is lost; only a new process gets it back. */
        DEVICE_LOST
    }

    /** Checks that nothing is missing. */
    public ClassifierHealth {
        Objects.requireNonNull(state);
        Objects.requireNonNull(reason);
    }

    /**
     * Whether calls are answered.
     *
     * @return true in state {@link State#READY}
     */
    public boolean isReady() {
        return state == State.READY;
    }
}
