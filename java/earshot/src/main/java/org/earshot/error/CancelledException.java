package org.earshot.error;

/**
 * Work that was given up because its thread was interrupted or its caller no longer wanted it. Nothing is wrong with
 * any file. Where an interrupt is the reason, the thread's interrupt status is set when this is thrown.
 */
public final class CancelledException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param work what was given up
     * @param cause what ended it, or null
     */
    public CancelledException(String work, Throwable cause) {
        super(work + " was interrupted", cause);
    }
}
