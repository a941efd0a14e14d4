package org.earshot.error;

/**
 * A device that is not there, or that could not do what it was asked. The process goes on: a classifier on a CPU
 * backend still works, and after {@link Reason#OUT_OF_MEMORY} so does the device for whatever fits.
 */
public final class DeviceException extends BackendException {
    private static final long serialVersionUID = 1L;

    /** What happened. */
    public enum Reason {
        /** There is none, or no driver for it, or the library has no kernels for it: as on most machines. */
        ABSENT,
        /** Its memory does not hold the weights or the workspace. */
        OUT_OF_MEMORY,
        /** It failed or was taken away; nothing on it works until the process is started anew. */
        LOST
    }

    /** What happened. */
    private final Reason reason;

    /**
     * Creates the exception from its parts.
     *
     * @param reason what happened
     * @param subject backend
     * @param found what was found there
     * @param expected what would have been right
     */
    public DeviceException(Reason reason, Object subject, String found, String expected) {
        super(subject, found, expected);
        this.reason = reason;
    }

    /**
     * What happened.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
