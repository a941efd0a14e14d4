package org.earshot.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ConsoleTest {
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
