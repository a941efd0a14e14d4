package org.earshot;

import java.util.function.Supplier;

/** Knows which threads are inside of work, for whose end they must not wait. */
final class Inside {
    private final ThreadLocal<Boolean> threads = new ThreadLocal<>();

    /** Whether the caller is inside. */
    boolean here() {
        return threads.get() != null;
    }

    /** Does the work inside; it may do more of it, inside as well. */
    <R> R during(Supplier<R> work) {
        if (here()) {
            return work.get();
        }
        threads.set(true);
        try {
            return work.get();
        } finally {
            threads.remove();
        }
    }
}
