package org.earshot.natives;

import org.earshot.backend.choice.Backends;
import org.earshot.error.BackendException;

/** A program whose thread is interrupted before anything is loaded, as where a service is told to end as it starts. */
final class InterruptedStart {
    private InterruptedStart() {}

    /** Prints which backend starts, then and later, and whether the interrupt is still there in between. */
    public static void main(String[] arguments) {
        Thread.currentThread().interrupt();
        System.out.println(start() + " " + Thread.interrupted() + " " + start());
    }

    private static String start() {
        try {
            return Backends.start("cpu", 1).name();
        } catch (BackendException e) {
            return e.getMessage();
        }
    }
}
