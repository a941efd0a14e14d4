package org.earshot;

/** A recording that cannot be read or used: its file, its format, its samples. */
public final class AudioException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject file (and chunk or field), or argument
     * @param found what was found there
     * @param expected what would have been right
     */
    public AudioException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param subject file (and chunk or field), or argument
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public AudioException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }
}
