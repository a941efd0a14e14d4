package org.earshot.cli.output;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import org.earshot.files.IoReason;

/**
 * Where commands print: results to the standard output, everything else as lines to the standard error. A status (the
 * progress bar) may stand at the end of the latter; it steps aside for every line. Thread-safe.
 */
public final class Console {
    private static final String ERASE_LINE = "\r\u001b[K";

    private final Writer out;
    private final PrintWriter err;
    private final Object results = new Object();

    // Guarded by this.
    private String status = "";
    /** A status would stand in the middle of a result's line. */
    private boolean printing;

    public Console(Writer out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    /** Nobody reads the results any more, as behind {@code | head}: a reason to end, and none to complain. */
    public static final class ReaderGone extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReaderGone(IOException cause) {
            super("nobody reads them any more", cause);
        }
    }

    /**
     * Prints a part of the result.
     *
     * @param text one or more lines, each with its line feed
     * @throws ReaderGone if nobody reads it any more
     * @throws CommandException if it cannot be written
     */
    public void result(String text) {
        // Where nobody reads the results, what is beside them is said all the same.
        synchronized (results) {
            printing(true);
            try {
                out.write(text);
                out.flush();
            } catch (StandardOutput.ClosedPipe e) {
                status("");
                throw new ReaderGone(e);
            } catch (IOException e) {
                throw new CommandException(
                        "standard output", "something that cannot be written to (" + IoReason.of(e) + ")", "room", e);
            } finally {
                printing(false);
            }
        }
    }

    private synchronized void printing(boolean now) {
        hideStatus();
        printing = now;
        showStatus();
    }

    /** Prints a line for the user, beside the result. */
    public synchronized void say(String message) {
        hideStatus();
        err.println("earshot: " + Text.visibleLines(message));
        showStatus();
    }

    /** Prints what a developer asked for. */
    public synchronized void stackTrace(Throwable e) {
        hideStatus();
        e.printStackTrace(err);
        showStatus();
    }

    /**
     * Replaces the status.
     *
     * @param text a line shorter than the terminal is wide; empty for none
     */
    public synchronized void status(String text) {
        hideStatus();
        status = text;
        showStatus();
    }

    private void hideStatus() {
        if (!status.isEmpty() && !printing) {
            err.print(ERASE_LINE);
            err.flush();
        }
    }

    private void showStatus() {
        if (!printing) {
            err.print(status);
        }
        err.flush();
    }
}
