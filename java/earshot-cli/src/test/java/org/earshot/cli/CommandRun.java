package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A command run as a user runs it, with what it printed. */
record CommandRun(int code, String out, String err) {
    static final Path GOLDEN = Path.of("../earshot/src/test/resources/golden");
    static final Path SMALL = GOLDEN.resolve("ascmamba-small");

    static CommandRun of(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        int code = Main.run(words, new PrintWriter(out), new PrintWriter(err));
        return new CommandRun(code, out.toString(), err.toString());
    }

    List<String> lines() {
        return out.lines().toList();
    }

    /** Asserts success. */
    CommandRun done() {
        assertEquals(0, code, err);
        return this;
    }

    /** Asserts a failure told in one line, and returns that line. */
    String failedInOneLine() {
        return complaint(1);
    }

    /** Asserts a refusal of the command line told in one line, and returns that line. */
    String refusedInOneLine() {
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
