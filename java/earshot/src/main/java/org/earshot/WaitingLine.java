package org.earshot;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.earshot.error.BusyException;

/**
 * Permits, handed out in the order in which they were asked for: nobody starves, neither new calls nor those that
 * stepped aside. Unlike a semaphore it can be told to turn away those who wait, and to have others go on for them.
 */
final class WaitingLine {
    /** One who waits. Guarded by the monitor, but for what is volatile. */
    private static final class Place {
        private final Thread thread = Thread.currentThread();
        private final boolean newcomer;
        private final int permits;
        /** Has another thread go on with the permits; null if this one is to. */
        private final Runnable successor;
        /** Whether another one does, which then gives them back. Written before {@link #permitted}, read after it. */
        private boolean succeeded;

        private volatile boolean permitted;

        private Place(boolean newcomer, int permits, Runnable successor) {
            this.newcomer = newcomer;
            this.permits = permits;
            this.successor = successor;
        }

        private void permit() {
            if (successor != null) {
                try {
                    successor.run();
                    succeeded = true;
                } catch (RuntimeException | Error e) {
                    // No thread is to be had: the one that waits goes on itself.
                    succeeded = false;
                }
            }
            permitted = true;
            if (!succeeded) {
                LockSupport.unpark(thread);
            }
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
    /** Of the places, those of newcomers: counted, since each newcomer asks. */
    private int newcomers;

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
     * Takes permits, waiting for them where the limits allow that.
     *
     * @param newcomer false for a call that had some before, to which the limits do not apply
     * @param permits how many, at least 1 and at most all
     * @param call says how long it is wanted
     * @param check throws where waiting has become pointless; it is asked again after each {@link #wakeAll}
     * @throws BusyException if it is a newcomer's and all permits are in use
     */
    void enter(boolean newcomer, int permits, Progress call, Runnable check) {
        enter(new Place(newcomer, permits, null), call, check);
    }

    /**
     * Takes a newcomer's permit, waiting for it where the limits allow that. If it had to wait, another thread may go
     * on with the permit instead of it.
     *
     * @param call says how long it is wanted
     * @param check as in {@link #enter(boolean, int, Progress, Runnable)}
     * @param successor has another thread go on; called at most once, by whoever gives the permit back, under the lock.
     *     If it throws, this thread goes on after all
     * @return whether another one goes on, by now or soon
     * @throws BusyException if all permits are in use
     */
    boolean enter(Progress call, Runnable check, Runnable successor) {
        Place place = new Place(true, 1, successor);
        enter(place, call, check);
        return place.succeeded;
    }

    private void enter(Place place, Progress call, Runnable check) {
        boolean newcomer = place.newcomer;
        check.run();
        synchronized (monitor) {
            if (free >= place.permits && places.isEmpty()) {
                free -= place.permits;
                return;
            }
            if (newcomer) {
                requireRoom();
            }
            places.addLast(place);
            newcomers += newcomer ? 1 : 0;
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
            if (giveUp(place)) {
                throw e;
            }
        }
    }

    private void requireRoom() {
        if (maxWaiting == 0) {
            throw new BusyException(size);
        }
        int waiting = waiting();
        if (waiting >= maxWaiting) {
            throw new BusyException(size + " of " + size + " sessions in use, and " + waiting + " calls that wait");
        }
    }

    /** Leaves the line; false if another thread goes on in its place, which it is too late to keep from that. */
    private boolean giveUp(Place place) {
        synchronized (monitor) {
            if (place.succeeded) {
                return false;
            }
            if (place.permitted) {
                leave(place.permits);
            } else {
                places.remove(place);
                newcomers -= place.newcomer ? 1 : 0;
                // Those behind it may want less than it did.
                handOut();
            }
            return true;
        }
    }

    /** Gives permits back: to those who wait longest, if anybody does. */
    void leave(int permits) {
        synchronized (monitor) {
            free += permits;
            handOut();
        }
    }

    private void handOut() {
        for (Place next = places.peekFirst(); next != null && next.permits <= free; next = places.peekFirst()) {
            places.pollFirst();
            newcomers -= next.newcomer ? 1 : 0;
            free -= next.permits;
            next.permit();
        }
    }

    /** Newcomers that wait. */
    int waiting() {
        synchronized (monitor) {
            return newcomers;
        }
    }

    /** Permits that are taken. */
    int taken() {
        synchronized (monitor) {
            return size - free;
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
