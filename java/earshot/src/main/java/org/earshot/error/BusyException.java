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

    /**
     * Creates the exception for a call that could have waited.
     *
     * @param found why it does not wait, or not longer
     */
    public BusyException(String found) {
        super(message("classifier", found, "a free session (raise sessions, or let more calls wait, or longer)"), null);
    }
}
