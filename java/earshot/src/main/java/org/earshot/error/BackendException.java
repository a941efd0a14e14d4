package org.earshot.error;

/** A backend that cannot start, or that failed while running. */
public class BackendException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject backend
     * @param found what was found there
     * @param expected what would have been right
     */
    public BackendException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param subject backend
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public BackendException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }
}
