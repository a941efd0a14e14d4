package org.earshot.server.observation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import org.earshot.server.Logged;
import org.junit.jupiter.api.Test;

class AccessLogTest {
    private static final AccessLog.Entry ENTRY =
            new AccessLog.Entry("http", "127.0.0.1", "POST", "/classify", "demo", "200", 10, 20, 1_000_000, null);

    /** A full disk, say, under what a program's standard output was led to. */
    @Test
    void aLineThatIsLostDisturbsNoRequestAndIsToldOnce() {
        try (Logged warnings = new Logged(AccessLog.class)) {
            List<String> taken = new ArrayList<>();
            // Whether each line finds no room.
            SynchronousQueue<Boolean> next = new SynchronousQueue<>();
            AccessLog log = new AccessLog(Optional.of(line -> {
                if (take(next)) {
                    throw new IllegalStateException("no room");
                }
                taken.add(line);
            }));
            for (boolean each : new boolean[] {true, true, false, true}) {
                log.write(ENTRY);
                put(next, each);
            }
            log.close();
            assertEquals(1, taken.size());
            assertTrue(taken.get(0).contains("\"path\":\"/classify\""), taken.get(0));
            assertEquals(2, warnings.entries().size(), () -> warnings.entries().toString());
            assertEquals(3, log.lost());
        }
    }

    /** A pipe that is full, and that nobody reads. */
    @Test
    void whoWritesWaitsForNobody() {
        try (Logged warnings = new Logged(AccessLog.class)) {
            CountDownLatch read = new CountDownLatch(1);
            List<String> taken = Collections.synchronizedList(new ArrayList<>());
            AccessLog log = new AccessLog(Optional.of(line -> {
                await(read);
                taken.add(line);
            }));
            int written = 0;
            // Ends, or the log takes all the memory that there is.
            for (; log.lost() < 10; written++) {
                log.write(ENTRY);
            }
            assertEquals(List.of(), taken);
            read.countDown();
            log.close();
            assertEquals(written - 10, taken.size(), "those that had waited are written");
            assertEquals(
                    List.of("the access log lost 10 lines, as those before them were not taken in time; requests are"
                            + " answered"),
                    warnings.entries());
        }
    }

    private static boolean take(SynchronousQueue<Boolean> from) {
        try {
            return from.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void put(SynchronousQueue<Boolean> to, boolean value) {
        try {
            to.put(value);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
