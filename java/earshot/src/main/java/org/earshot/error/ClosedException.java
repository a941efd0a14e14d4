package org.earshot.error;

/**
 * A call of something that was closed, or is being closed: a classifier, its holder, a stream. The call came too late,
 * which happens to a service that ends; otherwise it is a programming error, hence no {@link EarshotException}.
 */
public final class ClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param what was closed, for example {@code "the classifier"}
     */
    public ClosedException(String what) {
        super(what + " is closed");
    }
}
