package org.earshot.report;

import org.earshot.error.EarshotException;

/** A report that cannot be written. */
public final class ReportException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject the file
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public ReportException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }
}
