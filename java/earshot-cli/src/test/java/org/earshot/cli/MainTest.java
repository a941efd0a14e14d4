package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    @ParameterizedTest
    @ValueSource(strings = {"classify", "features", "inspect", "convert", "summary", "parity", "bench"})
    void everyCommandHasHelpWithAnExample(String command) {
        CommandRun run = CommandRun.of(command, "--help").done();
        assertTrue(run.out().startsWith("Usage: earshot " + command), run.out());
        assertTrue(run.out().contains("earshot " + command + " "), run.out());
        assertTrue(run.out().contains("Example"), run.out());
        assertEquals("", run.err());
    }

    @Test
    void helpListsTheCommands() {
        String help = CommandRun.of("--help").done().out();
        for (String command :
                new String[] {"classify", "features", "inspect", "convert", "summary", "parity", "bench", "--version"
                }) {
            assertTrue(help.contains(command), help);
        }
    }

    @Test
    void versionNamesJavaAndTheBackends() {
        String version = CommandRun.of("--version").done().out();
        assertTrue(version.startsWith("earshot "), version);
        assertTrue(version.contains("Java " + System.getProperty("java.runtime.version")), version);
        assertTrue(version.contains("backend portable: portable["), version);
    }

    @Test
    void wrongUsageIsRefused() {
        assertTrue(CommandRun.of().refusedInOneLine().contains("classify"));
        assertTrue(CommandRun.of("sing").refusedInOneLine().contains("sing"));
        assertTrue(CommandRun.of("--sing").refusedInOneLine().contains("--sing"));
        assertTrue(CommandRun.of("inspect").refusedInOneLine().contains("FILE|DIR"));
    }

    @Test
    void shellCompletionIsGenerated() {
        String script = CommandRun.of("generate-completion").done().out();
        assertTrue(script.contains("complete -F _complete_earshot"), script);
        assertTrue(script.contains("--window-hop"), script);
    }

    @Test
    void logsOfLibrariesArePlainLines() {
        CommandRun.of("--version").done();
        StringWriter err = new StringWriter();
        Logs.direct(new Console(new PrintWriter(new StringWriter()), new PrintWriter(err)), false);
        System.Logger logger = System.getLogger("org.earshot.audio.Test");
        logger.log(System.Logger.Level.WARNING, "the {0} chunk ends early", "data");
        logger.log(System.Logger.Level.INFO, "of no interest");
        assertEquals("earshot: the data chunk ends early", err.toString().strip());
        Logs.direct(new Console(new PrintWriter(new StringWriter()), new PrintWriter(err)), true);
        logger.log(System.Logger.Level.DEBUG, "of interest to some");
        assertTrue(err.toString().contains("of interest to some"), err.toString());
    }

    @Test
    void aClosedPipeEndsTheCommand() {
        Writer closed = new Writer() {
            @Override
            public void write(char[] text, int offset, int length) throws java.io.IOException {
                throw new java.io.IOException("broken pipe");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        StringWriter err = new StringWriter();
        int code = Main.run(
                new String[] {"inspect", CommandRun.SMALL.toString()}, new PrintWriter(closed), new PrintWriter(err));
        assertEquals(1, code);
        assertTrue(err.toString().startsWith("earshot: standard output"), err.toString());
    }

    @Test
    void theStatusStepsAsideForLines() {
        StringWriter err = new StringWriter();
        Console console = new Console(new PrintWriter(new StringWriter()), new PrintWriter(err));
        console.status("3/10");
        console.say("a line\u001b");
        console.status("");
        assertEquals(
                "3/10\r\u001b[Kearshot: a line\\u001b" + System.lineSeparator() + "3/10\r\u001b[K", err.toString());
        assertFalse(err.toString().endsWith("3/10"));
    }
}
