package org.earshot;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Platform threads for calls that do not run where they are made.
 *
 * <p>Those of virtual threads: a call computes for long without a pause, much of it in native code. On a virtual thread
 * (JDK 21 and later) it would keep the carrier to itself, and as many such calls as there are processors would keep
 * every other virtual thread of the process from running. So the virtual thread only waits, which frees its carrier.
 *
 * <p>And those that had to wait for a session: a thread whose call is done goes on with the next that waits, instead of
 * waking the one that waits for it, which a kernel may put behind a thread that computes on another processor while its
 * own has nothing to do. With 64 callers that was a fifth of the processors' time.
 *
 * <p>There are as many threads as calls run or let others go first, which the {@link SessionPool} bounds.
 */
final class CallThreads implements AutoCloseable {
    private static final long IDLE_SECONDS = 10;
    private static final MethodHandle IS_VIRTUAL = isVirtual();

    private final ThreadPoolExecutor executor;
    private final AtomicInteger started = new AtomicInteger();

    CallThreads() {
        executor = new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), this::thread);
    }

    private Thread thread(Runnable work) {
        Thread thread = new Worker(this, work, "earshot-call-" + started.incrementAndGet());
        thread.setDaemon(true);
        // Not the first caller's, which may be a web application that is taken down later.
        thread.setContextClassLoader(CallThreads.class.getClassLoader());
        return thread;
    }

    /** {@code Thread.isVirtual}, which Java has from release 21 on; null before. */
    private static MethodHandle isVirtual() {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
        } catch (NoSuchMethodException e) {
            return null;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e); // It is public.
        }
    }

    /** Whether the caller is a virtual thread. */
    static boolean onVirtualThread() {
        try {
            return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // It declares none.
        }
    }

    /**
     * Does work of a caller that has no classifier, and so no threads of ours: reading a recording or a model.
     *
     * @return what the work gives; what it throws is thrown here
     */
    static <R> R once(Supplier<R> work) {
        if (!onVirtualThread()) {
            return work.get();
        }
        try (CallThreads threads = new CallThreads()) {
            Task<R> task = threads.task(work, () -> {});
            threads.execute(task);
            return task.await();
        }
    }

    /** Whether the caller is one of the threads. */
    boolean worksHere() {
        return Thread.currentThread() instanceof Worker worker && worker.owner == this;
    }

    /** One of the threads. */
    private static final class Worker extends Thread {
        private final CallThreads owner;
        /** Whose last work is done, but for what comes after it. */
        private CallThreads free;
        /** What to do then; null if nothing. */
        private Task<?> next;

        Worker(CallThreads owner, Runnable work, String name) {
            super(work, name);
            this.owner = owner;
        }
    }

    /**
     * Work of the caller's, not begun yet.
     *
     * @param work what the caller waits for
     * @param after is done behind it, whatever came of it, and before the caller is told; a task that it
     *     {@linkplain #execute executes} has this thread next
     */
    <R> Task<R> task(Supplier<R> work, Runnable after) {
        return new Task<>(this, work, after);
    }

    /** Begins a task: on this thread, if it is one of these and about to be free, else on another. */
    void execute(Task<?> task) {
        if (Thread.currentThread() instanceof Worker worker && worker.free == this && worker.next == null) {
            worker.next = task;
        } else {
            executor.execute(task);
        }
    }

    /**
     * Work that somebody waits for. Once it runs, nothing more is allocated for it: its end must always be told.
     *
     * @param <R> what it gives
     */
    static final class Task<R> implements Runnable {
        private final CallThreads owner;
        private final Thread caller = Thread.currentThread();
        private final Supplier<R> work;
        private final Runnable after;
        private final Object monitor = new Object();
        /** Who works on it; null before and after. Guarded by the monitor. */
        private Thread worker;

        private boolean interrupted;

        private R result;
        private Throwable thrown;
        private volatile boolean done;

        private Task(CallThreads owner, Supplier<R> work, Runnable after) {
            this.owner = owner;
            this.work = work;
            this.after = after;
        }

        @Override
        public void run() {
            Worker thread = (Worker) Thread.currentThread();
            Task<?> task = this;
            while (task != null) {
                task.runHere(thread);
                task = thread.next;
                thread.next = null;
            }
        }

        private void runHere(Worker thread) {
            try {
                begin();
                result = work.get();
            } catch (Throwable e) {
                thrown = e;
            } finally {
                finish(thread);
                end();
                done = true;
                LockSupport.unpark(caller);
            }
        }

        private void finish(Worker thread) {
            thread.free = owner;
            try {
                after.run();
            } catch (Throwable e) {
                thrown = e;
            } finally {
                thread.free = null;
            }
        }

        private void begin() {
            synchronized (monitor) {
                worker = Thread.currentThread();
                if (interrupted) {
                    worker.interrupt();
                }
            }
        }

        /** The thread's next work is not to find this one's interrupt. */
        private void end() {
            synchronized (monitor) {
                worker = null;
                Thread.interrupted();
            }
        }

        private void interrupt() {
            synchronized (monitor) {
                interrupted = true;
                if (worker != null) {
                    worker.interrupt();
                }
            }
        }

        /**
         * Returns when the work is done, not before; an interrupt of the caller is passed on, and stays pending.
         *
         * @return what the work gives; what it throws is thrown here
         */
        R await() {
            boolean told = false;
            while (!done) {
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    told = true;
                    interrupt();
                }
            }
            if (told) {
                caller.interrupt();
            }
            if (thrown != null) {
                throw Thrown.again(thrown);
            }
            return result;
        }
    }

    /** Ends the threads, once no call runs. */
    @Override
    public void close() {
        executor.shutdown();
        awaitEnd(executor);
    }

    /** Waits for threads that have nothing left to do but to end. */
    static void awaitEnd(ExecutorService executor) {
        boolean interrupted = false;
        while (!executor.isTerminated()) {
            try {
                executor.awaitTermination(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
