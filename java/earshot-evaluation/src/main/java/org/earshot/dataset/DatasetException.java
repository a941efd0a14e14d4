package org.earshot.dataset;

import java.nio.file.Path;
import org.earshot.error.EarshotException;

/** A set of recordings that cannot be used: its metadata, its files, its labels, its cached features. */
public final class DatasetException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception from its parts.
     *
     * @param subject file (and line and column), or argument
     * @param found what was found there
     * @param expected what would have been right
     */
    public DatasetException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param subject file (and line and column), or argument
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public DatasetException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }

    /**
     * Says which recording a complaint is about.
     *
     * @param recording its file
     * @param cause the complaint
     */
    public DatasetException(Path recording, EarshotException cause) {
        super(visible(recording) + ": " + cause.getMessage(), cause);
    }

    private DatasetException(String message) {
        super(message, null);
    }

    /**
     * A complaint that an earlier run had.
     *
     * @param message all of it
     * @return the same
     */
    public static DatasetException asBefore(String message) {
        return new DatasetException(message);
    }
}
