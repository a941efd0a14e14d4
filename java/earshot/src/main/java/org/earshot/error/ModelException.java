package org.earshot.error;

/** A model directory whose configuration is wrong or contradicts its weights. */
public final class ModelException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject file and field
     * @param found what was found there
     * @param expected what would have been right
     */
    public ModelException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param subject file and field
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public ModelException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }
}
