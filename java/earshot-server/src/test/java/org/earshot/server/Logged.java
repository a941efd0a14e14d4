package org.earshot.server;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a class logs as long as this is open. */
public final class Logged extends Handler implements AutoCloseable {
    private final Logger logger;
    private final List<String> entries = Collections.synchronizedList(new ArrayList<>());

    public Logged(Class<?> by) {
        logger = Logger.getLogger(by.getName());
        logger.addHandler(this);
    }

    /** Messages, each with what was thrown behind it. */
    public List<String> entries() {
        return List.copyOf(entries);
    }

    @Override
    public void publish(LogRecord entry) {
        entries.add(entry.getMessage() + (entry.getThrown() == null ? "" : " " + entry.getThrown()));
    }

    @Override
    public void flush() {
        // Nothing is kept back.
    }

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
