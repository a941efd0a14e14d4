package org.earshot.server.service;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells whoever runs the server, in its log, of bounds that requests meet and what would move them: once in a while, as
 * clients come again and again.
 */
final class Advice {
    private static final System.Logger LOGGER = System.getLogger(Advice.class.getName());
    private static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

    /** When each was given last; there are few. */
    private static final Map<String, Long> GIVEN = new ConcurrentHashMap<>();

    private Advice() {}

    /**
     * Tells it, unless that was done a moment ago.
     *
     * @param what happened
     * @param remedy what can be done
     */
    static void give(String what, String remedy) {
        Long now = System.nanoTime();
        if (now.equals(GIVEN.compute(remedy, (key, last) -> last == null || now - last > PAUSE_NANOS ? now : last))) {
            LOGGER.log(System.Logger.Level.WARNING, () -> what + " (" + remedy + "; told once a minute)");
        }
    }
}
