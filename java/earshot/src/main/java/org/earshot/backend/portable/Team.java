package org.earshot.backend.portable;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed team of workers: the caller and {@code size - 1} daemon threads that sleep between jobs. Tasks are handed out
 * as workers become free; which worker takes which task is the only thing that varies from run to run. One caller at a
 * time.
 */
final class Team implements AutoCloseable {
    /** One of many independent tasks of a job. */
    @FunctionalInterface
    interface Task {
        /**
         * Runs.
         *
         * @param task number of the task
         * @param worker number of the worker that runs it, 0 is the caller; no two run at the same time
         */
        void run(int task, int worker);
    }

    private final Thread[] threads;
    private final AtomicInteger next = new AtomicInteger();
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All guarded by lock.
    private Task job;
    private int tasks;
    private long jobs;
    private int working;
    private boolean closed;
    private Throwable failure;

    Team(int size) {
        threads = new Thread[size - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = new Thread(() -> serve(worker), "earshot-portable-" + worker);
            threads[i].setDaemon(true);
            threads[i].start();
        }
    }

    int size() {
        return threads.length + 1;
    }

    /**
     * Runs a job and returns when all its tasks are done. The first exception of a task ends the job early and is
     * thrown here.
     */
    void parallel(int count, Task task) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the execution is closed");
            }
            job = task;
            tasks = count;
            next.set(0);
            failure = null;
            working = threads.length;
            jobs++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        work(task, count, 0);
        awaitOthers();
    }

    private void awaitOthers() {
        Throwable thrown;
        lock.lock();
        try {
            while (working > 0) {
                // Uninterruptibly: the job's memory is in use until it ends.
                changed.awaitUninterruptibly();
            }
            thrown = failure;
            job = null;
        } finally {
            lock.unlock();
        }
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }

    private void serve(int worker) {
        long seen = 0;
        while (true) {
            Task task;
            int count;
            lock.lock();
            try {
                while (jobs == seen && !closed) {
                    // Uninterruptibly: only close ends a worker.
                    changed.awaitUninterruptibly();
                }
                if (closed) {
                    return;
                }
                seen = jobs;
                task = job;
                count = tasks;
            } finally {
                lock.unlock();
            }
            work(task, count, worker);
            lock.lock();
            try {
                working--;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void work(Task task, int count, int worker) {
        try {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                task.run(i, worker);
            }
        } catch (RuntimeException | Error e) {
            next.set(count);
            lock.lock();
            try {
                if (failure == null) {
                    failure = e;
                }
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
