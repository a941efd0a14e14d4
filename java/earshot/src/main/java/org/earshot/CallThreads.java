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
 * Platform threads for the calls of virtual ones. A call computes for long without a pause, much of it in native code:
 * on a virtual thread (JDK 21 and later) it would keep the carrier to itself, and as many such calls as there are
 * processors would keep every other virtual thread of the process from running. So the virtual thread only waits, which
 * frees its carrier. Calls of platform threads run where they are made.
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
        Thread thread = new Thread(work, "earshot-call-" + started.incrementAndGet());
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
    private static boolean onVirtualThread() {
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
     * @return as {@link #run}
     */
    static <R> R once(Supplier<R> work) {
        if (!onVirtualThread()) {
            return work.get();
        }
        try (CallThreads threads = new CallThreads()) {
            return threads.run(work);
        }
    }

    /**
     * Does work and returns when it is done, not before; an interrupt of the caller is passed on, and stays pending.
     *
     * @return what the work returns; what it throws is thrown here
     */
    <R> R run(Supplier<R> work) {
        if (!onVirtualThread()) {
            return work.get();
        }
        Task<R> task = new Task<>(Thread.currentThread(), work);
        executor.execute(task);
        return task.await();
    }

    /** Work that somebody waits for. Once it runs, nothing more is allocated for it: its end must always be told. */
    private static final class Task<R> implements Runnable {
        private final Thread caller;
        private final Supplier<R> work;
        private final Object monitor = new Object();
        /** Who works on it; null before and after. Guarded by the monitor. */
        private Thread worker;

        private boolean interrupted;

        private R result;
        private RuntimeException exception;
        private Error error;
        private volatile boolean done;

        Task(Thread caller, Supplier<R> work) {
            this.caller = caller;
            this.work = work;
        }

        @Override
        public void run() {
            try {
                begin();
                result = work.get();
            } catch (RuntimeException e) {
                exception = e;
            } catch (Error e) {
                error = e;
            } finally {
                end();
                done = true;
                LockSupport.unpark(caller);
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
            if (exception != null) {
                throw exception;
            }
            if (error != null) {
                throw error;
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
