package org.earshot;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.earshot.error.BusyException;
import org.earshot.error.ClosedException;

/** Calls that nobody's thread waits for: a queue, and as many threads as calls can run at once. */
final class AsyncCalls {
    private static final long IDLE_SECONDS = 10;

    private final int maxWaiting;
    private final ThreadPoolExecutor executor;
    private final AtomicInteger started = new AtomicInteger();

    /**
     * Starts no thread yet.
     *
     * @param threads calls at once
     * @param maxWaiting calls that may wait beside them
     */
    AsyncCalls(int threads, int maxWaiting) {
        this.maxWaiting = maxWaiting;
        executor = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                maxWaiting > 0 ? new LinkedBlockingQueue<>(maxWaiting) : new SynchronousQueue<>(),
                this::thread);
        executor.allowCoreThreadTimeOut(true);
    }

    private Thread thread(Runnable work) {
        Thread thread = new Worker(work, "earshot-async-" + started.incrementAndGet());
        thread.setDaemon(true);
        // Not the first caller's, which may be a web application that is taken down later.
        thread.setContextClassLoader(AsyncCalls.class.getClassLoader());
        return thread;
    }

    /** One of the threads. */
    private final class Worker extends Thread {
        Worker(Runnable work, String name) {
            super(work, name);
        }

        private boolean isOf(AsyncCalls calls) {
            return calls == AsyncCalls.this;
        }
    }

    /**
     * Takes a call into the queue.
     *
     * @param call has begun
     * @param work does it; once it runs, the deadline is its own concern
     * @return its result; to cancel it takes it out of the queue, or, if asked so, interrupts it
     * @throws BusyException if the queue is full
     * @throws ClosedException if calls are refused
     */
    <R> CompletableFuture<R> submit(Call call, Supplier<R> work) {
        AsyncCall<R> future = new AsyncCall<>(work);
        try {
            executor.execute(future);
        } catch (RejectedExecutionException e) {
            if (executor.isShutdown()) {
                throw SessionPool.closedException();
            }
            throw new BusyException(maxWaiting + " calls that wait");
        }
        if (call.isBounded()) {
            future.expireWith(call);
        }
        return future;
    }

    private final class AsyncCall<R> extends CompletableFuture<R> implements Runnable {
        private final Supplier<R> work;
        /** Who works on it; null before and after. Guarded by this. */
        private Thread worker;

        AsyncCall(Supplier<R> work) {
            this.work = work;
        }

        @Override
        public void run() {
            if (!begin()) {
                return;
            }
            try {
                complete(work.get());
            } catch (Throwable e) { // Whatever the caller's code throws, somebody waits for this.
                completeExceptionally(e);
            } finally {
                end();
            }
        }

        private synchronized boolean begin() {
            if (isDone()) {
                return false;
            }
            worker = Thread.currentThread();
            return true;
        }

        /** The thread's next call is not to find this one's interrupt. */
        private synchronized void end() {
            worker = null;
            Thread.interrupted();
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            executor.remove(this);
            if (cancelled && mayInterruptIfRunning) {
                interrupt();
            }
            return cancelled;
        }

        private synchronized void interrupt() {
            if (worker != null) {
                worker.interrupt();
            }
        }

        /** A call that runs looks after its deadline itself; one in the queue does not come to it. */
        @SuppressWarnings("FutureReturnValueIgnored") // Their effects are all that is wanted.
        private void expireWith(Call call) {
            CompletableFuture<Void> timer = new CompletableFuture<>();
            timer.orTimeout(Math.max(0, call.remainingNanos()), TimeUnit.NANOSECONDS)
                    .whenComplete((nothing, e) -> {
                        if (e instanceof TimeoutException && executor.remove(this)) {
                            completeExceptionally(call.late("waiting for a session"));
                        }
                    });
            whenComplete((result, e) -> timer.complete(null));
        }
    }

    /** Refuses calls from now on, and those in the queue. */
    void refuse() {
        List<Runnable> queued = new ArrayList<>();
        executor.getQueue().drainTo(queued);
        executor.shutdown();
        executor.getQueue().drainTo(queued);
        for (Runnable call : queued) {
            ((AsyncCall<?>) call).completeExceptionally(SessionPool.closedException());
        }
    }

    /** Calls in the queue. */
    int waiting() {
        return executor.getQueue().size();
    }

    /**
     * Waits for the threads' end, once no call runs; not if this is one of them, which was told of a call's end and is
     * about to end itself.
     */
    void awaitEnd() {
        if (!worksHere()) {
            CallThreads.awaitEnd(executor);
        }
    }

    /** Whether the caller is one of the threads. */
    boolean worksHere() {
        return Thread.currentThread() instanceof Worker worker && worker.isOf(this);
    }
}
