package org.earshot.cli.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar that shows how far a command is, where someone may be looking at it. */
public final class Progress implements AutoCloseable {
    private static final int FEW = 3;
    private static final int WIDTH = 79;
    private static final Path ERROR_STREAM = Path.of("/proc/self/fd/2");

    /** Null where there is nothing to show, or nobody to show it to. */
    private final ProgressBar bar;

    private Progress(ProgressBar bar) {
        this.bar = bar;
    }

    /** Starts a bar if the standard error is a terminal and there is much to do. */
    public static Progress start(Console console, int steps, boolean wanted) {
        return new Progress(
                wanted && steps > FEW && errorsGoToTerminal()
                        ? bar(console, steps).setUnit(" files", 1).build()
                        : null);
    }

    /** A bar that is drawn as the console's status. */
    static ProgressBarBuilder bar(Console console, int steps) {
        return new ProgressBarBuilder()
                .setInitialMax(steps)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new StatusLine(console));
    }

    /** Java does not tell where a stream leads, Linux does. Elsewhere there is no bar. */
    public static boolean errorsGoToTerminal() {
        try {
            Path target = Files.readSymbolicLink(ERROR_STREAM);
            return target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    public void step() {
        if (bar != null) {
            bar.step();
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    /** Draws the bar as the console's status. */
    private record StatusLine(Console console) implements ProgressBarConsumer {
        @Override
        public int getMaxRenderedLength() {
            return WIDTH;
        }

        @Override
        public void accept(String rendered) {
            console.status(rendered);
        }

        @Override
        public void close() {
            console.status("");
        }
    }
}
