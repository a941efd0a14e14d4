package org.earshot.error;

/** A recording context the model cannot use: an unknown city, a condition of the wrong size. */
public final class ContextException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject field of the context
     * @param found what was found there
     * @param expected what would have been right
     */
    public ContextException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param subject field of the context
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public ContextException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }
}
