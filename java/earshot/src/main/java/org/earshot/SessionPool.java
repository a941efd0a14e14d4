package org.earshot;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * A bounded pool of sessions, made when first needed.
 *
 * @param <S> what one call computes with
 */
final class SessionPool<S extends SessionPool.Session> {
    /** What can be pooled. */
    interface Session extends AutoCloseable {
        @Override
        void close();
    }

    private final int size;
    private final boolean failWhenBusy;
    private final Supplier<S> factory;
    /** Fair, so that nobody starves, and so that close waits only for the calls before it. */
    private final Semaphore permits;
    /** Guarded by itself. The most recently used session is the first: its memory is still in the caches. */
    private final Deque<S> idle = new ArrayDeque<>();

    private volatile boolean closed;

    SessionPool(int size, boolean failWhenBusy, Supplier<S> factory) {
        this.size = size;
        this.failWhenBusy = failWhenBusy;
        this.factory = factory;
        this.permits = new Semaphore(size, true);
    }

    /** Takes a session, waiting for one unless told otherwise. */
    S take() {
        requireOpen();
        if (failWhenBusy) {
            if (!permits.tryAcquire()) {
                requireOpen();
                throw new BusyException(size);
            }
        } else {
            permits.acquireUninterruptibly();
        }
        try {
            requireOpen();
            synchronized (idle) {
                S session = idle.pollFirst();
                if (session != null) {
                    return session;
                }
            }
            return factory.get();
        } catch (RuntimeException e) {
            permits.release();
            throw e;
        }
    }

    void giveBack(S session) {
        synchronized (idle) {
            idle.addFirst(session);
        }
        permits.release();
    }

    /** Waits for all sessions to be given back and closes them. Returns false if that was done before. */
    boolean close() {
        synchronized (this) {
            if (closed) {
                return false;
            }
            closed = true;
        }
        permits.acquireUninterruptibly(size);
        synchronized (idle) {
            idle.forEach(Session::close);
            idle.clear();
        }
        // Whoever waited for a session wakes up and finds the pool closed.
        permits.release(size);
        return true;
    }

    int size() {
        return size;
    }

    boolean isOpen() {
        return !closed;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the classifier is closed");
        }
    }
}
