package org.earshot;

import java.time.Duration;
import java.util.List;

/**
 * Processors that several classifiers and ensembles share: however many of them there are, no more threads compute at
 * once than the pool has. A call takes as many as it runs on, for one window, or one batch, at a time, and waits its
 * turn for them, those that came first before the others. Thread-safe; to be shared, and never to be closed.
 *
 * <pre>{@code
 * ComputePool pool = ComputePool.of(4);
 * SceneClassifier indoors = SceneClassifier.builder(Path.of("indoors")).pool(pool).threads(2).load();
 * SceneClassifier outdoors = SceneClassifier.builder(Path.of("outdoors")).pool(pool).threads(2).load();
 * }</pre>
 */
public final class ComputePool {
    private final int threads;
    private final WaitingLine line;

    private ComputePool(int threads) {
        this.threads = threads;
        line = new WaitingLine(threads, Integer.MAX_VALUE, Duration.ofNanos(Long.MAX_VALUE));
    }

    /**
     * Makes a pool.
     *
     * @param threads that may compute at once, at least 1
     * @return the pool
     */
    public static ComputePool of(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: " + threads + "; expected at least 1");
        }
        return new ComputePool(threads);
    }

    /**
     * How many threads may compute at once.
     *
     * @return at least 1
     */
    public int threads() {
        return threads;
    }

    /**
     * How many threads compute at the moment.
     *
     * @return from 0 to {@link #threads}
     */
    public int inUse() {
        return line.taken();
    }

    /**
     * What computes as another runner does, once it has its share of the processors.
     *
     * @param count threads that it computes on
     */
    WindowRunner bound(WindowRunner runner, int count) {
        return new WindowRunner() {
            @Override
            public Outputs run(List<WindowInput> windows, Progress progress) {
                long since = System.nanoTime();
                line.enter(false, count, progress, () -> progress.requireWanted("waiting for processors"));
                try {
                    long waited = System.nanoTime() - since;
                    return runner.run(windows, progress).queuedToo(waited);
                } finally {
                    line.leave(count);
                }
            }

            @Override
            public void close() {
                runner.close();
            }
        };
    }

    @Override
    public String toString() {
        return "ComputePool[" + threads + " threads, " + inUse() + " in use]";
    }
}
