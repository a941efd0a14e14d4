package org.earshot;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Computes the windows of different callers together: a queue, and threads with a session each that take from it what
 * has one {@link WindowInput#kind kind}. A batch begins when it is full, or when its oldest window has waited as long
 * as it may. Who gives his window up leaves the queue at once; a batch that nobody wants any more ends at its next
 * step.
 */
final class Batcher implements AutoCloseable {
    /** A window that its caller waits for. */
    private static final class Request {
        private final Batcher owner;
        private final WindowInput input;
        private final WindowInput.Kind kind;
        private final Thread caller = Thread.currentThread();
        private final long since = System.nanoTime();
        /** When its batch begins at the latest. */
        private final long due;
        /** Who computes it; null before. Guarded by the monitor. */
        private Thread worker;

        private volatile boolean abandoned;
        /** Written before {@link #done}, read after it. */
        private long begun;

        private WindowRunner.Outputs outputs;
        private int place;
        private Throwable failure;
        private volatile boolean done;

        private Request(Batcher owner, WindowInput input, long delayNanos) {
            this.owner = owner;
            this.input = input;
            kind = input.kind();
            due = since + delayNanos;
        }

        private void await(Progress progress) {
            while (!done) {
                progress.requireWanted("waiting for a batch");
                LockSupport.parkNanos(owner, Math.max(1, progress.remainingNanos()));
            }
        }

        private void end() {
            done = true;
            LockSupport.unpark(caller);
        }
    }

    /** Ends a batch that all its callers have given up. */
    private static final class NobodyWaits extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NobodyWaits() {
            super(null, null, false, false);
        }
    }

    private final int maxSize;
    private final long delayNanos;
    private final Supplier<WindowRunner> sessions;
    private final int workers;

    /** A monitor, not a lock of java.util.concurrent, which may need memory when it is least to be had. */
    private final Object monitor = new Object();

    // All guarded by monitor.
    private final List<Thread> threads = new ArrayList<>();

    /** Of the threads, those that have a batch. */
    private int computing;

    /** Sessions that no thread has taken yet. */
    private final Deque<WindowRunner> warm = new ArrayDeque<>();

    private final Deque<Request> queue = new ArrayDeque<>();
    private final Set<Request> running = new HashSet<>();
    private boolean hurried;
    private boolean closed;

    /**
     * Starts nothing yet: threads start when calls need them, and open their sessions when they first need those.
     *
     * @param workers how many threads at most
     * @param maxSize windows at once
     * @param maxDelay how long a window may wait for others
     * @param sessions opens what a batch is computed on
     */
    Batcher(int workers, int maxSize, Duration maxDelay, Supplier<WindowRunner> sessions) {
        this.workers = workers;
        this.maxSize = maxSize;
        this.sessions = sessions;
        delayNanos = Call.nanos(maxDelay);
    }

    /** Opens the sessions of all threads before there are any, and does something with each. */
    void warmUp(Consumer<WindowRunner> work) {
        for (int i = 0; i < workers; i++) {
            WindowRunner session = sessions.get();
            synchronized (monitor) {
                warm.add(session);
            }
            work.accept(session);
        }
    }

    /** Starts one more thread, if all that there are compute and there may be another. Fails if there is none then. */
    private void startIfAllCompute() {
        if (computing < threads.size() || threads.size() == workers) {
            return;
        }
        try {
            Thread thread = new Thread(this::work, "earshot-batch-" + (threads.size() + 1));
            thread.setDaemon(true);
            // Not the first caller's, which may be a web application that is taken down later.
            thread.setContextClassLoader(Batcher.class.getClassLoader());
            thread.start();
            threads.add(thread);
        } catch (OutOfMemoryError e) {
            // The system has no more threads to give: those that run go on.
            if (threads.isEmpty()) {
                throw e;
            }
        }
    }

    /** What a caller runs his windows on: he waits until others have done it. */
    WindowRunner runner() {
        return new WindowRunner() {
            @Override
            public Outputs run(List<WindowInput> windows, Progress progress) {
                return Batcher.this.run(windows, progress);
            }

            @Override
            public void close() {
                // It has nothing of its own.
            }
        };
    }

    private WindowRunner.Outputs run(List<WindowInput> windows, Progress progress) {
        // Whose time is nearly over does not wait for others.
        long delay = progress.remainingNanos() < 2 * delayNanos ? 0 : delayNanos;
        List<Request> requests =
                windows.stream().map(window -> new Request(this, window, delay)).toList();
        synchronized (monitor) {
            startIfAllCompute();
            queue.addAll(requests);
            monitor.notifyAll();
        }
        try {
            requests.forEach(request -> request.await(progress));
        } catch (RuntimeException | Error e) {
            requests.forEach(this::abandon);
            throw e;
        }
        List<List<NetworkOutput>> outputs = new ArrayList<>(requests.size());
        for (Request request : requests) {
            rethrow(request.failure);
            outputs.add(request.outputs.windows().get(request.place));
        }
        Request last = requests.get(requests.size() - 1);
        return new WindowRunner.Outputs(
                outputs,
                last.begun - last.since,
                last.outputs.featuresNanos(),
                last.outputs.networkNanos(),
                last.outputs.batch());
    }

    private static void rethrow(Throwable failure) {
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (failure instanceof Error error) {
            throw error;
        }
    }

    private void abandon(Request request) {
        request.abandoned = true;
        synchronized (monitor) {
            queue.remove(request);
            LockSupport.unpark(request.worker);
        }
    }

    private void work() {
        WindowRunner session = null;
        try {
            while (true) {
                List<Request> batch;
                try {
                    batch = take();
                } catch (OutOfMemoryError e) {
                    // Nobody may be left waiting, and the next call may find memory again.
                    failQueued(e);
                    continue;
                }
                if (batch.isEmpty()) {
                    return;
                }
                session = compute(batch, session);
            }
        } finally {
            if (session != null) {
                session.close();
            }
        }
    }

    private void failQueued(Throwable failure) {
        synchronized (monitor) {
            for (Request request = queue.poll(); request != null; request = queue.poll()) {
                request.failure = failure;
                request.end();
            }
        }
    }

    /** The next batch; empty once there will be none. */
    private List<Request> take() {
        synchronized (monitor) {
            while (true) {
                List<Request> batch = ripe();
                if (!batch.isEmpty()) {
                    running.addAll(batch);
                    queue.removeAll(batch);
                    batch.forEach(request -> request.worker = Thread.currentThread());
                    computing++;
                    if (!queue.isEmpty()) {
                        startIfAllCompute();
                    }
                    return batch;
                }
                if (closed && queue.isEmpty()) {
                    return List.of();
                }
                waitForMore();
            }
        }
    }

    /** A batch that is full, or whose oldest window has waited long enough; empty if there is none yet. */
    private List<Request> ripe() {
        Map<WindowInput.Kind, List<Request>> kinds = new HashMap<>();
        long now = System.nanoTime();
        for (Request request : queue) {
            List<Request> same = kinds.computeIfAbsent(request.kind, kind -> new ArrayList<>());
            same.add(request);
            if (same.size() == maxSize) {
                return same;
            }
        }
        return kinds.values().stream()
                .filter(same -> hurried || same.stream().anyMatch(request -> request.due - now <= 0))
                .min((one, other) -> Long.compare(one.get(0).since - now, other.get(0).since - now))
                .orElse(List.of());
    }

    private void waitForMore() {
        long now = System.nanoTime();
        long left = queue.stream().mapToLong(request -> request.due - now).min().orElse(Call.nanos(Call.LONGEST));
        try {
            TimeUnit.NANOSECONDS.timedWait(monitor, Math.max(1, left));
        } catch (InterruptedException e) {
            // Nobody has this thread to interrupt it; if somebody found it, its work goes on.
        }
    }

    /** Computes a batch; returns the session to go on with, null after a failure that may have spoilt it. */
    private WindowRunner compute(List<Request> batch, WindowRunner session) {
        WindowRunner used = session;
        Throwable failure = null;
        WindowRunner.Outputs outputs = null;
        long begun = System.nanoTime();
        try {
            BatchEvent event = new BatchEvent();
            event.begin();
            if (used == null) {
                used = open();
            }
            outputs = used.run(batch.stream().map(request -> request.input).toList(), whileWanted(batch));
            if (event.shouldCommit()) {
                event.size = batch.size();
                event.frames = batch.get(0).kind.frames();
                event.commit();
            }
        } catch (NobodyWaits e) {
            // Given up between two steps, which leaves nothing half-done.
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        end(batch, begun, outputs, failure);
        if (failure != null && used != null) {
            used.close();
            used = null;
        }
        return used;
    }

    /** Gives each caller his answer, or the failure. Needs no memory, which may be what is missing. */
    private void end(List<Request> batch, long begun, WindowRunner.Outputs outputs, Throwable failure) {
        synchronized (monitor) {
            computing--;
            for (int i = 0; i < batch.size(); i++) {
                Request request = batch.get(i);
                running.remove(request);
                request.worker = null;
                request.begun = begun;
                request.outputs = outputs;
                request.place = i;
                request.failure = failure;
                request.end();
            }
        }
    }

    private WindowRunner open() {
        synchronized (monitor) {
            WindowRunner ready = warm.poll();
            if (ready != null) {
                return ready;
            }
        }
        return sessions.get();
    }

    private static Progress whileWanted(List<Request> batch) {
        return new Progress() {
            @Override
            public void requireWanted(String stage) {
                if (batch.stream().allMatch(request -> request.abandoned)) {
                    throw new NobodyWaits();
                }
            }

            @Override
            public long remainingNanos() {
                return GOES_ON.remainingNanos();
            }
        };
    }

    /** Makes all callers ask whether they are still wanted. */
    void wakeAll() {
        synchronized (monitor) {
            queue.forEach(request -> LockSupport.unpark(request.caller));
            running.forEach(request -> LockSupport.unpark(request.caller));
        }
    }

    /** Lets no window wait for others any more: none will come, or few. */
    void hurry() {
        synchronized (monitor) {
            hurried = true;
            monitor.notifyAll();
        }
    }

    /** Ends the threads, once no call runs, and closes their sessions. */
    @Override
    public void close() {
        synchronized (monitor) {
            closed = true;
            monitor.notifyAll();
        }
        boolean interrupted = false;
        for (Thread worker : threads) {
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        warm.forEach(WindowRunner::close);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
