package org.earshot.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.earshot.cli.CommandRun;
import org.junit.jupiter.api.Test;

class LogsTest {
    @Test
    void logsOfLibrariesArePlainLines() {
        CommandRun.of("--version").done();
        StringWriter err = new StringWriter();
        Logs.direct(new Console(new PrintWriter(new StringWriter()), new PrintWriter(err))::say, false);
        System.Logger logger = System.getLogger("org.earshot.audio.Test");
        logger.log(System.Logger.Level.WARNING, "the {0} chunk ends early", "data");
        logger.log(System.Logger.Level.INFO, "of no interest");
        assertEquals("earshot: the data chunk ends early", err.toString().strip());
        logger.log(System.Logger.Level.WARNING, "a client went away", new IllegalStateException("of no interest"));
        assertFalse(err.toString().contains("of no interest"), err.toString());
        logger.log(System.Logger.Level.ERROR, "a request failed", new IllegalStateException("where it comes from"));
        assertTrue(err.toString().contains("IllegalStateException: where it comes from"), err.toString());
        assertTrue(err.toString().contains("at org.earshot.cli.output.LogsTest."), err.toString());
        Logs.direct(new Console(new PrintWriter(new StringWriter()), new PrintWriter(err))::say, true);
        logger.log(System.Logger.Level.DEBUG, "of interest to some");
        assertTrue(err.toString().contains("of interest to some"), err.toString());
    }
}
