package org.earshot;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import org.earshot.error.BusyException;

/**
 * Computes a stream's windows on the classifier's threads, one at a time: those that become complete meanwhile are left
 * out. Called under the stream's lock, but for {@link #dropped} and {@link #computesHere}.
 */
final class StreamBackground {
    private final SceneEngine engine;
    private final String subject;
    private final Computation computation;
    private final AtomicLong dropped = new AtomicLong();
    /** The samples of the window that is being computed. */
    private float[] copy = {};

    private CompletableFuture<Void> running;
    /** Computes a window, or tells a listener of it; null if none does. */
    private volatile Thread thread;

    /** Computes a window and tells the listeners. */
    interface Computation {
        void run(SoundWindow window, List<ContextEncoding.Encoded> context);
    }

    /** @param subject for messages */
    StreamBackground(SceneEngine engine, String subject, Computation computation) {
        this.engine = engine;
        this.subject = subject;
        this.computation = computation;
    }

    /** Begins to compute a window, or leaves it out; returns what went wrong with the one before, null if nothing. */
    Throwable offer(SoundWindow window, List<ContextEncoding.Encoded> context) {
        if (running != null && !running.isDone()) {
            dropped.incrementAndGet();
            return null;
        }
        Throwable failure = await();
        if (copy.length < window.length()) {
            copy = new float[window.length()];
        }
        System.arraycopy(window.pcm(), 0, copy, 0, window.length());
        SoundWindow own = window.in(copy);
        try {
            running = engine.async(new Call(CallOptions.none(), subject), call -> {
                thread = Thread.currentThread();
                try {
                    computation.run(own, context);
                } finally {
                    thread = null;
                }
                return null;
            });
        } catch (BusyException e) {
            dropped.incrementAndGet();
        }
        return failure;
    }

    /** Waits for the window that is being computed; returns what went wrong, null if nothing. */
    Throwable await() {
        if (running == null) {
            return null;
        }
        try {
            running.join();
            return null;
        } catch (CompletionException e) {
            return e.getCause();
        } finally {
            running = null;
        }
    }

    /** Whether the caller is a listener that is told of a window. */
    boolean computesHere() {
        return thread == Thread.currentThread();
    }

    /** Windows that were left out. */
    long dropped() {
        return dropped.get();
    }
}
