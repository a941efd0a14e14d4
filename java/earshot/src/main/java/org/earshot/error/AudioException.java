package org.earshot.error;

import java.util.Objects;

/** A recording that cannot be read or used: its file, its format, its samples. */
public final class AudioException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /** What kind of fault it is, so that a service need not read the message to choose its answer. */
    public enum Reason {
        /**
         * What was given is no recording that can be used: of an unknown or unsupported format or coding, empty, too
         * short, with a sample rate that cannot be converted, or an argument of that kind.
         */
        FORMAT,
        /** The format is known, but what is in the recording is broken, or a sample is not a finite number. */
        DAMAGED,
        /** The file is missing or may not be read, or reading it failed. */
        IO,
        /** The format is known, but what decodes it is not present or does not work here. */
        UNAVAILABLE,
        /** It goes beyond the caller's limits, or beyond what fits into memory. */
        LIMIT,
        /** Reading was interrupted or cancelled; nothing is known to be wrong with the recording. */
        INTERRUPTED
    }

    /** The kind of fault. */
    private final Reason reason;

    /**
     * Creates the exception from its parts.
     *
     * @param reason kind of fault
     * @param subject file (and chunk or field), or argument
     * @param found what was found there
     * @param expected what would have been right
     */
    public AudioException(Reason reason, Object subject, String found, String expected) {
        this(reason, subject, found, expected, null);
    }

    /**
     * Creates the exception from its parts and a cause.
     *
     * @param reason kind of fault
     * @param subject file (and chunk or field), or argument
     * @param found what was found there
     * @param expected what would have been right
     * @param cause what led here, or null
     */
    public AudioException(Reason reason, Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    private AudioException(Reason reason, String message) {
        super(message, null);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    /**
     * Stands here for one that was thrown in another process.
     *
     * @param reason the other's
     * @param message the other's
     * @return an exception of the same reason and message
     */
    public static AudioException relayed(Reason reason, String message) {
        return new AudioException(reason, message);
    }

    /**
     * What kind of fault it is.
     *
     * @return never null
     */
    public Reason reason() {
        return reason;
    }
}
