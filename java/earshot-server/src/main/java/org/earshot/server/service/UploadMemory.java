package org.earshot.server.service;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that the bodies of all requests share, so that many uploads at once are refused instead of taking all
 * there is. Thread-safe.
 */
public final class UploadMemory {
    private final long most;
    private final AtomicLong used = new AtomicLong();

    /**
     * Makes an empty one.
     *
     * @param most bytes
     */
    public UploadMemory(long most) {
        this.most = most;
    }

    /**
     * What is taken.
     *
     * @return bytes
     */
    public long used() {
        return used.get();
    }

    /**
     * Begins a request's share.
     *
     * @return of no bytes yet
     */
    public Share share() {
        return new Share();
    }

    /** What one request has taken. Thread-safe. */
    public final class Share implements AutoCloseable {
        private long bytes;
        private boolean closed;

        private Share() {}

        /**
         * Takes more, up to a size.
         *
         * @param size bytes that the request has in all
         * @throws RequestException of problem {@link Problem#BUSY} if there are not so many
         */
        public synchronized void growTo(long size) {
            long more = size - bytes;
            if (closed || more <= 0) {
                return;
            }
            if (used.addAndGet(more) > most) {
                used.addAndGet(-more);
                throw RequestException.busy(
                        "uploads",
                        most + " bytes of them at once",
                        "they have a quarter of Java's memory, which -Xmx makes more");
            }
            bytes = size;
        }

        /** Gives back what has been taken so far. */
        public synchronized void shrink() {
            used.addAndGet(-bytes);
            bytes = 0;
        }

        /** Gives all back, and takes nothing more. A second call does nothing. */
        @Override
        public synchronized void close() {
            closed = true;
            shrink();
        }
    }
}
