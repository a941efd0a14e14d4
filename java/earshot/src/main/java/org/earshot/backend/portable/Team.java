package org.earshot.backend.portable;

import java.util.concurrent.atomic.AtomicInteger;

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
    /** Not a lock of java.util.concurrent, which may need memory: a worker that fails to wait would never be back. */
    private final Object monitor = new Object();
    // All guarded by monitor.
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
            // Not the creator's, which may be a web application that is taken down later.
            threads[i].setContextClassLoader(Team.class.getClassLoader());
        }
        try {
            for (Thread thread : threads) {
                thread.start();
            }
        } catch (RuntimeException | Error e) {
            // The system has no more threads to give: those that run must not stay.
            close();
            throw e;
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
        synchronized (monitor) {
            if (closed) {
                throw new IllegalStateException("the execution is closed");
            }
            job = task;
            tasks = count;
            next.set(0);
            failure = null;
            working = threads.length;
            jobs++;
            monitor.notifyAll();
        }
        work(task, count, 0);
        awaitOthers();
    }

    private void awaitOthers() {
        Throwable thrown;
        boolean interrupted = false;
        synchronized (monitor) {
            while (working > 0) {
                try {
                    monitor.wait();
                } catch (InterruptedException e) {
                    // The job's memory is in use until it ends.
                    interrupted = true;
                }
            }
            thrown = failure;
            job = null;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
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
            synchronized (monitor) {
                while (jobs == seen && !closed) {
                    try {
                        monitor.wait();
                    } catch (InterruptedException e) {
                        // Only close ends a worker.
                    }
                }
                if (closed) {
                    return;
                }
                seen = jobs;
                task = job;
                count = tasks;
            }
            work(task, count, worker);
            synchronized (monitor) {
                working--;
                monitor.notifyAll();
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
            synchronized (monitor) {
                if (failure == null) {
                    failure = e;
                }
            }
        }
    }

    /** Ends the threads, and returns when they have ended. */
    @Override
    public void close() {
        synchronized (monitor) {
            closed = true;
            monitor.notifyAll();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
