package org.earshot.cli.output;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Shows what libraries log as plain lines: warnings, errors with where they come from, and on request more. */
public final class Logs {
    private static final Logger ROOT = Logger.getLogger("");
    private static final Logger EARSHOT = Logger.getLogger("org.earshot");
    /** Warns of whatever clients do wrong, which they are told and the access log has; anybody could fill a disk so. */
    private static final Logger GRPC_TRANSPORT = Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty");

    private Logs() {}

    /** Sends the process's logging to a console from now on. */
    public static void direct(Console console, boolean verbose) {
        for (Handler handler : ROOT.getHandlers()) {
            ROOT.removeHandler(handler);
        }
        ROOT.addHandler(new ConsoleHandler(console, verbose));
        ROOT.setLevel(verbose ? Level.INFO : Level.WARNING);
        EARSHOT.setLevel(verbose ? Level.FINE : null);
        GRPC_TRANSPORT.setLevel(verbose ? null : Level.SEVERE);
    }

    private static final class ConsoleHandler extends Handler {
        private final Console console;
        private final boolean verbose;

        ConsoleHandler(Console console, boolean verbose) {
            this.console = console;
            this.verbose = verbose;
            setFormatter(new SimpleFormatter());
        }

        @Override
        public void publish(LogRecord entry) {
            if (isLoggable(entry)) {
                console.say(getFormatter().formatMessage(entry));
                // A fault of ours is to be found by what is shown of it the first time.
                boolean fault = entry.getLevel().intValue() >= Level.SEVERE.intValue();
                if ((verbose || fault) && entry.getThrown() != null) {
                    console.stackTrace(entry.getThrown());
                }
            }
        }

        @Override
        public void flush() {
            // Every line is flushed when it is printed.
        }

        @Override
        public void close() {
            // The console is not this handler's to close.
        }
    }
}
