package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A command run as a user runs it, with what it printed. */
public record CommandRun(int code, String out, String err) {
    public static final Path GOLDEN = Path.of("../earshot/src/test/resources/golden");
    public static final Path SMALL = GOLDEN.resolve("ascmamba-small");

    /** Runs a command. */
    public static CommandRun of(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = printingTo(out, err, args);
        return new CommandRun(code, out.toString(), err.toString());
    }

    /** Runs a command that prints to these. Returns its exit code. */
    public static int printingTo(Writer out, Writer err, Object... args) {
        String[] words = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        return Main.run(words, out, new PrintWriter(err, true));
    }

    public List<String> lines() {
        return out.lines().toList();
    }

    /** Asserts success. */
    public CommandRun done() {
        assertEquals(0, code, err);
        return this;
    }

    /** Asserts a failure told in one line, and returns that line. */
    public String failedInOneLine() {
        return complaint(1);
    }

    /** Asserts a refusal of the command line told in one line, and returns that line. */
    public String refusedInOneLine() {
        return complaint(2);
    }

    private String complaint(int expectedCode) {
        assertEquals(expectedCode, code, err);
        assertEquals("", out);
        List<String> lines = err.lines().toList();
        assertEquals(1, lines.size(), err);
        assertEquals("earshot: ", lines.get(0).substring(0, "earshot: ".length()));
        return lines.get(0);
    }
}
