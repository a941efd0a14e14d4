package org.earshot.server.observation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.earshot.server.Logged;
import org.junit.jupiter.api.Test;

class AccessLogTest {
    private static final AccessLog.Entry ENTRY =
            new AccessLog.Entry("http", "127.0.0.1", "POST", "/classify", "demo", "200", 10, 20, 1_000_000, null);

    /** A full disk, say, under what a program's standard output was led to. */
    @Test
    void aLineThatIsLostDisturbsNoRequestAndIsToldOnce() {
        try (Logged warnings = new Logged(AccessLog.class)) {
            boolean[] full = {true};
            List<String> taken = new ArrayList<>();
            AccessLog log = new AccessLog(Optional.of(line -> {
                if (full[0]) {
                    throw new IllegalStateException("no room");
                }
                taken.add(line);
            }));
            log.write(ENTRY);
            log.write(ENTRY);
            assertEquals(1, warnings.entries().size());
            full[0] = false;
            log.write(ENTRY);
            assertEquals(1, taken.size());
            assertTrue(taken.get(0).contains("\"path\":\"/classify\""), taken.get(0));
            full[0] = true;
            log.write(ENTRY);
            assertEquals(2, warnings.entries().size());
        }
    }
}
