package org.earshot.error;

/** A weight file that is malformed, refused for safety, or does not fit the network. */
public final class WeightsException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject file, and tensor or field in it
     * @param found what was found there
     * @param expected what would have been right
     */
    public WeightsException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param subject file, and tensor or field in it
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public WeightsException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }
}
