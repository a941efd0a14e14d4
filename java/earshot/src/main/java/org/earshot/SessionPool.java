package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.ClosedException;
import org.earshot.error.DeadlineException;
import org.earshot.error.DeviceException;

/**
 * A bounded pool of sessions, made when first needed, on one or more backends: whoever comes gets one of the backend
 * with the fewest in use. A call {@link #enter enters}, which gives it a {@link Turn} with a session, and leaves by
 * closing the turn; in between it may {@link Turn#letOthers let others} have its session for a while. Whatever goes
 * wrong in a call, or while a session is made, its place in the pool becomes free again.
 *
 * @param <S> what one call computes with
 */
final class SessionPool<S extends SessionPool.Pooled> {
    private static final System.Logger LOGGER = System.getLogger(SessionPool.class.getName());

    /** What can be pooled. */
    interface Pooled extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Calls at most that have begun and let others go first. They hold on to what they have opened, so that their
     * number bounds the open files; beyond it a call keeps its session to its end.
     */
    static final int MOST_STEPPED_ASIDE = 32;

    /** Frames that taking a session, running it and giving it back may need, several times over. */
    private static final int STACK_FRAMES = 256;

    /** The sessions of one backend. Guarded by the monitor. */
    private final class Share {
        private final Supplier<S> factory;
        /** The most recently used is the last: its memory is still in the caches. */
        private final ArrayList<S> idle = new ArrayList<>();

        private int inUse;
        /** Why its device is lost; null if it is not. */
        private String loss;

        private Share(Supplier<S> factory) {
            this.factory = factory;
        }
    }

    private final int size;
    private final WaitingLine line;

    /** A monitor, not a lock of java.util.concurrent, which may need memory when it is least to be had. */
    private final Object monitor = new Object();

    private final List<Share> shares = new ArrayList<>();
    // All guarded by monitor.
    private int calls;
    private int steppedAside;
    private boolean closed;
    private boolean freed;
    /** Whether calls that have begun are to stop too. */
    private boolean stopping;

    /** Wake calls that have begun and wait for something else than a session. */
    private final List<Runnable> wakers = new CopyOnWriteArrayList<>();

    /**
     * Makes the pool.
     *
     * @param size sessions in all, at least as many as there are backends
     * @param maxWaiting calls that may wait for a session at once; with 0 they fail when all are in use
     * @param waitAtMost how long each may
     * @param factories one for each backend
     */
    SessionPool(int size, int maxWaiting, Duration waitAtMost, List<Supplier<S>> factories) {
        this.size = size;
        line = new WaitingLine(size, maxWaiting, waitAtMost);
        factories.forEach(factory -> shares.add(new Share(factory)));
    }

    /**
     * Has calls woken that wait for something else than a session, when they are told to stop.
     *
     * @param waker makes them ask whether they are still wanted
     */
    void whenStopping(Runnable waker) {
        wakers.add(waker);
    }

    /** One call's share in the pool, from its beginning to its end. For one thread at a time. */
    final class Turn implements Progress, AutoCloseable {
        private final Call call;
        private S session;
        /** Whose the session is, or is to be. */
        private Share share;

        private boolean permitted;
        private boolean counted;
        private boolean spoilt;

        private Turn(Call call) {
            this.call = call;
        }

        /**
         * Fails if the call is no longer wanted, by its caller or because the pool is closed.
         *
         * @param stage how far it came
         */
        @Override
        public void requireWanted(String stage) {
            call.requireWanted(stage);
            synchronized (monitor) {
                if (stopping) {
                    throw call.cancelled(closedException());
                }
            }
        }

        @Override
        public long remainingNanos() {
            return call.remainingNanos();
        }

        @Override
        public void computed(WindowRunner.Outputs outputs) {
            call.computed(outputs);
        }

        /**
         * The progress of this turn's call that others may end too.
         *
         * @param open throws if they did
         */
        Progress unless(Runnable open) {
            return new Progress() {
                @Override
                public void requireWanted(String stage) {
                    open.run();
                    Turn.this.requireWanted(stage);
                }

                @Override
                public long remainingNanos() {
                    return Turn.this.remainingNanos();
                }

                @Override
                public void computed(WindowRunner.Outputs outputs) {
                    Turn.this.computed(outputs);
                }
            };
        }

        /** The session, until the next {@link #letOthers}. */
        S session() {
            return session;
        }

        /**
         * Computes with the session, which what else goes wrong in a call, as a recording that cannot be read, leaves
         * as good as before. If this fails the session is in an unknown state: it is closed then and not pooled.
         *
         * @param work is given the session
         * @return what the work returns; what it throws is thrown here
         */
        <R> R compute(Function<S, R> work) {
            try {
                return work.apply(session);
            } catch (AudioException | CancelledException | DeadlineException e) {
                // Refused before the first step, or given up between two, which leaves nothing half-done.
                throw e;
            } catch (DeviceException e) {
                if (e.reason() == DeviceException.Reason.LOST) {
                    avoid(e.getMessage());
                } else {
                    spoilt = true;
                }
                throw e;
            } catch (RuntimeException | Error e) {
                spoilt = true;
                throw e;
            }
        }

        /**
         * Whoever comes from now on gets a session of another backend than this one's, if one is left.
         *
         * @param loss why its device is lost
         */
        void avoid(String loss) {
            boolean known;
            synchronized (monitor) {
                known = share.loss != null;
                share.loss = loss;
            }
            if (!known) {
                LOGGER.log(System.Logger.Level.WARNING, "A device is lost, its sessions are used no more: " + loss);
            }
        }

        /**
         * Lets the calls that wait have the session, one window each, before this one goes on, perhaps with another.
         * Does nothing if none waits.
         */
        void letOthers() {
            if (line.isEmpty() || !stepAside()) {
                return;
            }
            long since = System.nanoTime();
            try {
                free();
                line.enter(false, 1, call, () -> requireWanted("waiting between two windows"));
                permitted = true;
                call.queuedSince(since);
            } finally {
                synchronized (monitor) {
                    steppedAside--;
                }
            }
            takeOrMake();
        }

        private void takeOrMake() {
            synchronized (monitor) {
                share = leastUsed();
                share.inUse++;
                if (share.idle.isEmpty()) {
                    // For all of them, before there is another one: giving a session back must not need memory.
                    share.idle.ensureCapacity(share.inUse);
                } else {
                    session = share.idle.remove(share.idle.size() - 1);
                }
            }
            if (session == null) {
                // Not under the lock: others may take and give back meanwhile.
                try {
                    session = share.factory.get();
                } catch (DeviceException e) {
                    if (e.reason() == DeviceException.Reason.LOST) {
                        avoid(e.getMessage());
                    }
                    throw e;
                }
            }
        }

        /** With a permit: counts, and takes a session. */
        private void begin() {
            call.begins();
            synchronized (monitor) {
                requireOpen();
                calls++;
                counted = true;
            }
            takeOrMake();
        }

        /** Gives session and permit back, whichever this turn has. */
        private void free() {
            S held = session;
            session = null;
            try {
                leaveShare(held);
                if (held != null && spoilt) {
                    held.close();
                }
            } finally {
                spoilt = false;
                if (permitted) {
                    permitted = false;
                    line.leave(1);
                }
            }
        }

        private void leaveShare(S held) {
            synchronized (monitor) {
                if (share != null) {
                    share.inUse--;
                    if (held != null && !spoilt) {
                        share.idle.add(held);
                    }
                    share = null;
                }
            }
        }

        /** Ends the call. A second close does nothing. */
        @Override
        public void close() {
            try {
                free();
            } finally {
                if (counted) {
                    counted = false;
                    leave();
                }
            }
        }
    }

    /**
     * Begins a call, waiting for a session as long as the limits allow.
     *
     * @return its turn, which the caller closes
     * @throws org.earshot.error.BusyException if all sessions are in use and the call is not to wait, or not longer
     * @throws DeadlineException if the call's time is over
     * @throws CancelledException if the thread is interrupted
     * @throws ClosedException if the pool is closed, or is while the call waits
     */
    Turn enter(Call call) {
        // An overflow in the middle of a lock would leave it locked for ever: if there is to be one, it comes here.
        requireStack(STACK_FRAMES);
        Turn turn = new Turn(call);
        line.enter(true, 1, call, () -> requireWaiting(call));
        turn.permitted = true;
        try {
            turn.begin();
            return turn;
        } catch (RuntimeException | Error e) {
            turn.close();
            throw e;
        }
    }

    /**
     * Does a call's work in a turn: where it is called, if there is a session for it at once and the thread is no
     * virtual one, else on one of the threads for calls. A thread that gives its session back takes the next call's
     * work.
     *
     * @param work is given the turn
     * @return what the work returns; what it throws is thrown here
     * @throws RuntimeException as {@link #enter}
     */
    <R> R run(Call call, CallThreads threads, Function<Turn, R> work) {
        requireStack(STACK_FRAMES);
        Turn turn = new Turn(call);
        // A permit that the task is given is its own from its beginning, whatever becomes of it.
        CallThreads.Task<R> task = threads.task(
                () -> {
                    turn.begin();
                    return work.apply(turn);
                },
                turn::close);
        boolean handedOn = line.enter(call, () -> requireWaiting(call), () -> {
            turn.permitted = true;
            threads.execute(task);
        });
        if (handedOn) {
            return task.await();
        }
        turn.permitted = true;
        if (!CallThreads.onVirtualThread()) {
            try (turn) {
                turn.begin();
                return work.apply(turn);
            }
        }
        try {
            threads.execute(task);
        } catch (RuntimeException | Error e) {
            turn.close();
            throw e;
        }
        return task.await();
    }

    private void requireWaiting(Call call) {
        requireOpen();
        call.requireWanted("waiting for a session");
    }

    /** Fails with a StackOverflowError unless so many frames fit. */
    private static long requireStack(int frames) {
        return frames == 0 ? 0 : requireStack(frames - 1) + frames;
    }

    private boolean stepAside() {
        synchronized (monitor) {
            if (steppedAside == MOST_STEPPED_ASIDE) {
                return false;
            }
            steppedAside++;
            return true;
        }
    }

    /** The share with the fewest sessions in use; of several, one that has a session ready. A lost one comes last. */
    private Share leastUsed() {
        return Collections.min(
                shares,
                Comparator.comparing((Share share) -> share.loss != null)
                        .thenComparingInt(share -> share.inUse)
                        .thenComparing(share -> share.idle.isEmpty()));
    }

    private void leave() {
        synchronized (monitor) {
            calls--;
            monitor.notifyAll();
        }
    }

    /**
     * Refuses new calls, waits for those that have begun, and closes all sessions. Calls that wait for a session learn
     * that the pool is closed.
     *
     * @return false if that was done before
     */
    boolean close() {
        boolean interrupted = false;
        synchronized (monitor) {
            if (freed) {
                return false;
            }
            freed = true;
            closed = true;
            line.wakeAll();
            while (calls > 0) {
                try {
                    monitor.wait();
                } catch (InterruptedException e) {
                    // The sessions are in use until then.
                    interrupted = true;
                }
            }
            for (Share share : shares) {
                share.idle.forEach(Pooled::close);
                share.idle.clear();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return true;
    }

    /**
     * Refuses new calls, and those that wait for a session, and waits for those that have begun. {@link #close} is
     * still to come.
     *
     * @param atMost how long to wait; calls that are not done by then are told to stop
     * @return whether all were done by then
     */
    boolean drain(Duration atMost) {
        long end = System.nanoTime() + Call.nanos(atMost);
        boolean interrupted = false;
        boolean done;
        synchronized (monitor) {
            closed = true;
            line.wakeAll();
            while (calls > 0 && !stopping) {
                long left = end - System.nanoTime();
                if (left <= 0 || interrupted) {
                    stopping = true;
                    line.wakeAll();
                    wakers.forEach(Runnable::run);
                } else {
                    try {
                        TimeUnit.NANOSECONDS.timedWait(monitor, left);
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            }
            done = calls == 0;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return done;
    }

    /** Why no backend can answer any more; null if one can. */
    String loss() {
        synchronized (monitor) {
            String loss = null;
            for (Share share : shares) {
                if (share.loss == null) {
                    return null;
                }
                loss = share.loss;
            }
            return loss;
        }
    }

    int size() {
        return size;
    }

    /** Calls that have a session. */
    int running() {
        return line.taken();
    }

    /** Calls that wait for a session to begin. */
    int waiting() {
        return line.waiting();
    }

    boolean isOpen() {
        synchronized (monitor) {
            return !closed;
        }
    }

    /** Fails if it is closed, or is being closed. */
    void requireOpen() {
        if (!isOpen()) {
            throw closedException();
        }
    }

    /** What later calls throw. */
    static ClosedException closedException() {
        return new ClosedException("the classifier");
    }
}
