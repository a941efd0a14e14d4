package org.earshot.cli.output;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Stream;

/** Shows what libraries log as plain lines: warnings, errors with where they come from, and on request more. */
public final class Logs {
    private static final Logger ROOT = Logger.getLogger("");
    private static final Logger EARSHOT = Logger.getLogger("org.earshot");
    /**
     * Warn of whatever clients do wrong, which they are told and the access log has; anybody could fill a disk so. Kept
     * here, as loggers that nobody keeps forget their level.
     */
    private static final List<Logger> OF_CLIENTS = Stream.of(
                    "io.grpc.netty.shaded.io.grpc.netty",
                    "org.eclipse.jetty.http",
                    "org.eclipse.jetty.util.HostPort",
                    "org.eclipse.jetty.util.URIUtil",
                    "org.eclipse.jetty.util.UrlEncoded")
            .map(Logger::getLogger)
            .toList();

    private Logs() {}

    /**
     * Sends the process's logging to a console from now on.
     *
     * @param lines takes what is logged, each time one line or more
     * @param verbose whether to show more of it
     */
    public static void direct(Consumer<String> lines, boolean verbose) {
        for (Handler handler : ROOT.getHandlers()) {
            ROOT.removeHandler(handler);
        }
        ROOT.addHandler(new LineHandler(lines, verbose));
        ROOT.setLevel(verbose ? Level.INFO : Level.WARNING);
        EARSHOT.setLevel(verbose ? Level.FINE : null);
        OF_CLIENTS.forEach(each -> each.setLevel(verbose ? null : Level.SEVERE));
    }

    private static final class LineHandler extends Handler {
        private final Consumer<String> lines;
        private final boolean verbose;

        LineHandler(Consumer<String> lines, boolean verbose) {
            this.lines = lines;
            this.verbose = verbose;
            setFormatter(new SimpleFormatter());
        }

        @Override
        public void publish(LogRecord entry) {
            if (isLoggable(entry)) {
                String message = getFormatter().formatMessage(entry);
                // A fault of ours is to be found by what is shown of it the first time.
                boolean fault = entry.getLevel().intValue() >= Level.SEVERE.intValue();
                lines.accept(
                        (verbose || fault) && entry.getThrown() != null
                                ? message + "\n" + trace(entry.getThrown())
                                : message);
            }
        }

        private static String trace(Throwable thrown) {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            return trace.toString().strip().replace("\t", "    ");
        }

        @Override
        public void flush() {
            // Every line is flushed when it is printed.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
