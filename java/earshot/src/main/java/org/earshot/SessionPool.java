package org.earshot;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** A bounded pool of sessions, made when first needed. */
final class SessionPool {
    private final int size;
    private final boolean failWhenBusy;
    private final Supplier<ClassifierSession> factory;
    /** Fair, so that nobody starves, and so that close waits only for the calls before it. */
    private final Semaphore permits;
    /** Guarded by itself. The most recently used session is the first: its memory is still in the caches. */
    private final Deque<ClassifierSession> idle = new ArrayDeque<>();

    private volatile boolean closed;

    SessionPool(int size, boolean failWhenBusy, Supplier<ClassifierSession> factory) {
        this.size = size;
        this.failWhenBusy = failWhenBusy;
        this.factory = factory;
        this.permits = new Semaphore(size, true);
    }

    /** Takes a session, waiting for one unless told otherwise. */
    ClassifierSession take() {
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
                ClassifierSession session = idle.pollFirst();
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

    void giveBack(ClassifierSession session) {
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
            idle.forEach(ClassifierSession::close);
            idle.clear();
        }
        // Whoever waited for a session wakes up and finds the pool closed.
        permits.release(size);
        return true;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the classifier is closed");
        }
    }
}
