package org.earshot.error;

/** All sessions of a classifier are in use and the caller asked not to wait. */
public final class BusyException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param sessions number of sessions, all in use
     */
    public BusyException(int sessions) {
        super(
                message(
                        "classifier",
                        sessions + " of " + sessions + " sessions in use",
                        "a free one (raise sessions, or let calls wait)"),
                null);
    }
}
