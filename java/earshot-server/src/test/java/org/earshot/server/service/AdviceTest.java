package org.earshot.server.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.earshot.error.BusyException;
import org.earshot.server.Logged;
import org.junit.jupiter.api.Test;

class AdviceTest {
    /** Two audiences: clients can come again, and whoever runs the server has the options. */
    @Test
    void whichOptionWouldHelpIsToldInTheLogAndNotToClients() {
        try (Logged log = new Logged(Advice.class)) {
            for (RuntimeException each : List.of(
                    RequestException.busy("things", "5 of them", "--most N allows more"),
                    RequestException.busy("things", "5 of them", "--most N allows more"),
                    new BusyException(3))) {
                Failure told = Failure.of(each);
                assertEquals(Problem.BUSY, told.problem());
                assertFalse(told.message().contains("--"), told.message());
                assertFalse(told.message().contains("session"), told.message());
            }
            String once = "things: found 5 of them; expected fewer, in a while (--most N allows more; told once a"
                    + " minute)";
            assertEquals(
                    1,
                    log.entries().stream().filter(once::equals).count(),
                    "however often clients come: " + log.entries());
        }
    }
}
