package org.earshot.error;

import java.util.regex.Pattern;

/**
 * Base of all exceptions that Earshot throws for what it was given: files, samples, configuration, machines. A message
 * names the file (or the argument) and the field in it, what was found, and what was expected.
 *
 * <p>Programming errors (a null argument, a closed classifier) are the usual unchecked JDK exceptions instead.
 */
public abstract class EarshotException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final Pattern CONTROL_CHARACTER = Pattern.compile("\\p{Cntrl}");

    /**
     * Creates an exception with a complete message.
     *
     * @param message names subject, finding and expectation
     * @param cause what led here, or null
     */
    protected EarshotException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Composes the message that every kind uses.
     *
     * @param subject file, field or argument the message is about; control characters in it (a file's name may hold
     *     line feeds) are escaped
     * @param found what was found there
     * @param expected what would have been right
     * @return {@code subject: found X; expected Y}
     */
    protected static String message(Object subject, String found, String expected) {
        return visible(subject) + ": found " + found + "; expected " + expected;
    }

    /**
     * Makes a subject fit for a message.
     *
     * @param subject file, field or argument
     * @return its text, control characters escaped
     */
    protected static String visible(Object subject) {
        return CONTROL_CHARACTER
                .matcher(String.valueOf(subject))
                .replaceAll(c -> String.format("\\\\u%04x", (int) c.group().charAt(0)));
    }
}
