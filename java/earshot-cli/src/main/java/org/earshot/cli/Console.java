package org.earshot.cli;

import java.io.PrintWriter;

/**
 * Where commands print: results to the standard output, everything else as lines to the standard error. A status (the
 * progress bar) may stand at the end of the latter; it steps aside for every line. Thread-safe.
 */
final class Console {
    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintWriter out;
    private final PrintWriter err;
    private String status = "";

    Console(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    /**
     * Prints a part of the result.
     *
     * @param text one or more lines, each with its line feed
     * @throws CommandException if nobody reads it any more
     */
    synchronized void result(String text) {
        hideStatus();
        out.print(text);
        if (out.checkError()) {
            throw new CommandException("standard output", "a closed pipe or a full disk", "somewhere to print to");
        }
        showStatus();
    }

    /** Prints a line for the user, beside the result. */
    synchronized void say(String message) {
        hideStatus();
        err.println("earshot: " + Text.visibleLines(message));
        showStatus();
    }

    /** Prints what a developer asked for. */
    synchronized void stackTrace(Throwable e) {
        hideStatus();
        e.printStackTrace(err);
        showStatus();
    }

    /**
     * Replaces the status.
     *
     * @param text a line shorter than the terminal is wide; empty for none
     */
    synchronized void status(String text) {
        hideStatus();
        status = text;
        showStatus();
    }

    private void hideStatus() {
        if (!status.isEmpty()) {
            err.print(ERASE_LINE);
            err.flush();
        }
    }

    private void showStatus() {
        err.print(status);
        err.flush();
    }
}
