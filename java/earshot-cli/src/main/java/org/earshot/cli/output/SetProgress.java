package org.earshot.cli.output;

import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import org.earshot.dataset.ProgressListener;

/**
 * Shows how far a run over a set is, with clips per second and the time left: as a bar where someone may be looking at
 * it, else as a line now and then.
 */
public final class SetProgress implements ProgressListener, AutoCloseable {
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(30);
    private static final int MINUTE = 60;

    private final Console console;
    private final String task;
    private final boolean terminal;
    private final long start = System.nanoTime();
    private long lastLine = start;
    /** Clips that an earlier run has done. */
    private int before = -1;

    private ProgressBar bar;

    /**
     * Starts to measure the time; nothing is shown before the first clip is done.
     *
     * @param task what is done to the clips, one word
     */
    public SetProgress(Console console, String task) {
        this.console = console;
        this.task = task;
        terminal = Progress.errorsGoToTerminal();
    }

    @Override
    public void clipDone(int done, int total) {
        if (before < 0) {
            before = done - 1;
            if (before > 0) {
                console.say(task + ": " + before + " of " + total + " clips were done by an earlier run");
            }
            if (terminal) {
                bar = Progress.bar(console, total)
                        .setTaskName(task)
                        .setUnit(" clips", 1)
                        .showSpeed()
                        .startsFrom(before, Duration.ZERO)
                        .build();
            }
        }
        if (bar != null) {
            bar.stepTo(done);
        } else if (System.nanoTime() - lastLine >= BETWEEN_LINES.toNanos()) {
            lastLine = System.nanoTime();
            console.say(line(task, done, total, done - before, Duration.ofNanos(lastLine - start)));
        }
    }

    /** Such as {@code scores: 1200 of 8700 clips, 85.3 clips/s, 1:28 left}. */
    static String line(String task, int done, int total, int doneNow, Duration time) {
        double speed = doneNow / (time.toNanos() * 1e-9);
        long left = Math.round((total - done) / speed);
        return String.format(
                Locale.ROOT,
                "%s: %d of %d clips, %.1f clips/s, %d:%02d left",
                task,
                done,
                total,
                speed,
                left / MINUTE,
                left % MINUTE);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
