package org.earshot;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.earshot.error.BusyException;

/**
 * Permits, handed out in the order in which they were asked for: nobody starves, neither new calls nor those that
 * stepped aside. Unlike a semaphore it can be told to turn away those who wait.
 */
final class WaitingLine {
    /** One who waits. Guarded by the monitor, but for what is volatile. */
    private static final class Place {
        private final Thread thread = Thread.currentThread();
        private final boolean newcomer;
        private volatile boolean permitted;

        private Place(boolean newcomer) {
            this.newcomer = newcomer;
        }
    }

    private static final long UNBOUNDED = TimeUnit.DAYS.toNanos(365);

    private final int size;
    private final int maxWaiting;
    private final long longestNanos;
    private final Duration longest;

    /** A monitor, not a lock of java.util.concurrent, which may need memory when it is least to be had. */
    private final Object monitor = new Object();

    private final Deque<Place> places = new ArrayDeque<>();
    private int free;

    /**
     * Makes the line.
     *
     * @param size permits in all
     * @param maxWaiting newcomers that may wait at once
     * @param longest how long each may
     */
    WaitingLine(int size, int maxWaiting, Duration longest) {
        this.size = size;
        this.maxWaiting = maxWaiting;
        this.longest = longest;
        longestNanos = Call.nanos(longest);
        free = size;
    }

    /**
     * Takes a permit, waiting for one where the limits allow that.
     *
     * @param newcomer false for a call that had a permit before, to which the limits do not apply
     * @param call says when it is no longer wanted
     * @param check throws where waiting has become pointless; it is asked again after each {@link #wakeAll}
     * @throws BusyException if it is a newcomer's and all permits are in use
     */
    void enter(boolean newcomer, Call call, Runnable check) {
        Place place = new Place(newcomer);
        check.run();
        synchronized (monitor) {
            if (free > 0 && places.isEmpty()) {
                free--;
                return;
            }
            if (newcomer) {
                requireRoom();
            }
            places.addLast(place);
        }
        long since = System.nanoTime();
        try {
            while (!place.permitted) {
                check.run();
                long left = call.remainingNanos();
                if (newcomer) {
                    long patience = longestNanos - (System.nanoTime() - since);
                    if (patience <= 0) {
                        throw new BusyException(size + " of " + size + " sessions in use for " + longest);
                    }
                    left = Math.min(left, patience);
                }
                if (left > UNBOUNDED) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, left);
                }
            }
        } catch (RuntimeException | Error e) {
            giveUp(place);
            throw e;
        }
    }

    private void requireRoom() {
        if (maxWaiting == 0) {
            throw new BusyException(size);
        }
        long waiting = places.stream().filter(place -> place.newcomer).count();
        if (waiting >= maxWaiting) {
            throw new BusyException(size + " of " + size + " sessions in use, and " + waiting + " calls that wait");
        }
    }

    private void giveUp(Place place) {
        synchronized (monitor) {
            if (place.permitted) {
                leave();
            } else {
                places.remove(place);
            }
        }
    }

    /** Gives a permit back: to the one who waits longest, if anybody does. */
    void leave() {
        synchronized (monitor) {
            Place next = places.pollFirst();
            if (next == null) {
                free++;
            } else {
                next.permitted = true;
                LockSupport.unpark(next.thread);
            }
        }
    }

    boolean isEmpty() {
        synchronized (monitor) {
            return places.isEmpty();
        }
    }

    /** Makes all who wait ask whether they still should. */
    void wakeAll() {
        synchronized (monitor) {
            for (Place place : places) {
                LockSupport.unpark(place.thread);
            }
        }
    }
}
