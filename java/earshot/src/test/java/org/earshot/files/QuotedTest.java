package org.earshot.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class QuotedTest {
    @Test
    void oneLineWhateverItIs() {
        assertEquals("\"a\\nb\\u001B[31m\\\"\"", Quoted.of("a\nb\u001b[31m\""));
        assertEquals("a\\tb", Quoted.plain("a\tb"));
    }

    /** Half of a character cannot be written in UTF-8. */
    @Test
    void noCharacterIsCutInTwo() {
        String face = "\uD83D\uDE00";
        for (int before = 110; before < 125; before++) {
            String text = "a".repeat(before) + face.repeat(20);
            for (String cut : new String[] {Quoted.of(text), Quoted.plain(text)}) {
                assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(cut), cut);
                assertTrue(cut.contains("a".repeat(Math.min(before, 119))), cut);
            }
        }
        assertEquals('"' + "a".repeat(118) + face + "\"... (122 characters)", Quoted.of("a".repeat(118) + face + face));
    }
}
