package org.earshot;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * A bounded pool of sessions, made when first needed, on one or more backends: whoever comes gets one of the backend
 * with the fewest in use.
 *
 * @param <S> what one call computes with
 */
final class SessionPool<S extends SessionPool.Session> {
    /** What can be pooled. */
    interface Session extends AutoCloseable {
        @Override
        void close();
    }

    /** The sessions of one backend. */
    private final class Share {
        private final Supplier<S> factory;
        /** The most recently used is the first: its memory is still in the caches. */
        private final Deque<S> idle = new ArrayDeque<>();

        private int inUse;
        private boolean lost;

        private Share(Supplier<S> factory) {
            this.factory = factory;
        }
    }

    private final int size;
    private final boolean failWhenBusy;
    /** Fair, so that nobody starves, and so that close waits only for the calls before it. */
    private final Semaphore permits;
    /** Guarded by itself. */
    private final List<Share> shares = new ArrayList<>();
    /** Whose a session in use is. Guarded by the shares. */
    private final Map<S, Share> owners = new HashMap<>();

    private volatile boolean closed;

    /**
     * Makes the pool.
     *
     * @param size sessions in all, at least as many as there are backends
     * @param failWhenBusy whether to fail rather than wait when all are in use
     * @param factories one for each backend
     */
    SessionPool(int size, boolean failWhenBusy, List<Supplier<S>> factories) {
        this.size = size;
        this.failWhenBusy = failWhenBusy;
        this.permits = new Semaphore(size, true);
        factories.forEach(factory -> shares.add(new Share(factory)));
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
            return takeOrMake();
        } catch (RuntimeException e) {
            permits.release();
            throw e;
        }
    }

    private S takeOrMake() {
        Share share;
        synchronized (shares) {
            share = leastUsed();
            share.inUse++;
            S session = share.idle.pollFirst();
            if (session != null) {
                owners.put(session, share);
                return session;
            }
        }
        // Not under the lock: others may take and give back meanwhile.
        try {
            S session = share.factory.get();
            synchronized (shares) {
                owners.put(session, share);
            }
            return session;
        } catch (RuntimeException e) {
            synchronized (shares) {
                share.inUse--;
            }
            throw e;
        }
    }

    /** The share with the fewest sessions in use; of several, one that has a session ready. A lost one comes last. */
    private Share leastUsed() {
        return Collections.min(
                shares,
                Comparator.comparing((Share share) -> share.lost)
                        .thenComparingInt(share -> share.inUse)
                        .thenComparing(share -> share.idle.isEmpty()));
    }

    /** Whoever comes from now on gets a session of another backend than this one's, if one is left. */
    void avoid(S session) {
        synchronized (shares) {
            owners.get(session).lost = true;
        }
    }

    void giveBack(S session) {
        synchronized (shares) {
            Share share = owners.remove(session);
            share.inUse--;
            share.idle.addFirst(session);
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
        synchronized (shares) {
            for (Share share : shares) {
                share.idle.forEach(Session::close);
                share.idle.clear();
            }
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
