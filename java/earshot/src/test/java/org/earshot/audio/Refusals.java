package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.error.AudioException;
import org.junit.jupiter.api.function.Executable;

/** Checks how bad recordings are refused. */
final class Refusals {
    private Refusals() {}

    /** The message begins with the subject and says what was found. */
    static void assertRefused(Object subject, String found, Executable action) {
        String message = assertThrows(AudioException.class, action).getMessage();
        assertTrue(message.startsWith(subject.toString()), message);
        assertTrue(message.contains(found), message);
    }
}
