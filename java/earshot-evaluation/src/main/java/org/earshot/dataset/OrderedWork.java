package org.earshot.dataset;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;
import org.earshot.error.CancelledException;

/** Numbered pieces of work done by several threads, their results handed over in the order of the numbers. */
final class OrderedWork {
    /** Results that may wait for a slow one before them, per thread. */
    private static final int AHEAD = 4;

    private static final String WORK = "the work on a set of recordings";

    private OrderedWork() {}

    /**
     * Does the work. When it returns, or throws, no thread of it runs any more.
     *
     * @param <T> a result
     * @param from number of the first piece
     * @param to one past the last piece's
     * @param threads how many work at once, at least 1
     * @param task does a piece, in one of the threads
     * @param sink takes the results in the order of their numbers, in the caller's thread
     * @throws RuntimeException the first, in order, that a task throws, or one that the sink throws; the pieces behind
     *     it are given up
     * @throws CancelledException if the caller's thread is interrupted
     */
    static <T> void run(int from, int to, int threads, IntFunction<? extends T> task, ObjIntConsumer<? super T> sink) {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        Deque<Future<? extends T>> pending = new ArrayDeque<>();
        try {
            int next = from;
            for (int piece = from; piece < to; piece++) {
                // Here, because a result that is ready would be handed over all the same.
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancelledException(WORK, null);
                }
                while (next < to && pending.size() < AHEAD * threads) {
                    int number = next++;
                    pending.add(executor.submit(() -> task.apply(number)));
                }
                sink.accept(get(pending.remove()), piece);
            }
        } finally {
            // Not interrupted: that would close the files which the threads are reading from.
            pending.forEach(future -> future.cancel(false));
            executor.shutdown();
            awaitEnd(executor);
        }
    }

    private static <T> T get(Future<? extends T> result) {
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException(WORK, e);
        }
    }

    private static void awaitEnd(ExecutorService executor) {
        boolean interrupted = false;
        while (true) {
            try {
                if (executor.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
