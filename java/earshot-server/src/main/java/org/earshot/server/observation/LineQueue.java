package org.earshot.server.observation;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Hands lines on by a thread of its own, so that nobody who has one waits for whoever takes them: a pipe that is not
 * read would else have the whole server stand still. A few megabytes of them wait; what comes then is left out, and
 * counted. Thread-safe.
 */
public final class LineQueue implements AutoCloseable {
    private static final long MOST_CHARACTERS = 1 << 22;
    /** What a line takes besides. */
    private static final int OVERHEAD = 64;

    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final Consumer<String> lines;
    private final Consumer<String> trouble;
    private final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong characters = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final Thread thread;

    // Of the thread alone.
    private long toldOf;
    private boolean failing;
    private boolean over;

    /**
     * Starts the thread.
     *
     * @param name of the thread
     * @param lines takes each line, one after another
     * @param trouble is told that lines were lost, when others are taken again, and of the first of those that failed
     */
    public LineQueue(String name, Consumer<String> lines, Consumer<String> trouble) {
        this.lines = lines;
        this.trouble = trouble;
        thread = new Thread(this::work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Has a line handed on, unless too many wait. Returns at once.
     *
     * @param line without its end
     */
    public void add(String line) {
        int size = line.length() + OVERHEAD;
        if (characters.addAndGet(size) > MOST_CHARACTERS) {
            characters.addAndGet(-size);
            lost.incrementAndGet();
        } else {
            waiting.add(() -> {
                hand(line);
                characters.addAndGet(-size);
            });
        }
    }

    /**
     * Lines that nobody has had.
     *
     * @return how many so far
     */
    public long lost() {
        return lost.get();
    }

    private void work() {
        try {
            while (!over) {
                waiting.take().run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // Nobody does.
        }
    }

    private void hand(String line) {
        try {
            lines.accept(line);
        } catch (RuntimeException | OutOfMemoryError e) {
            lost.incrementAndGet();
            toldOf++;
            if (!failing) {
                trouble.accept("takes no lines (" + e.getMessage() + ")");
            }
            failing = true;
            return;
        }
        failing = false;
        long more = lost.get() - toldOf;
        if (more > 0) {
            toldOf += more;
            trouble.accept("lost " + more + " lines, as those before them were not taken in time");
        }
    }

    /** Waits for what is left to be taken, but not for long. What is added later is lost. */
    @Override
    public void close() {
        waiting.add(() -> over = true);
        try {
            thread.join(LAST_WORDS.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
