package org.earshot.error;

import java.time.Duration;

/** A call whose answer was not there when its caller's time was over. Nothing is wrong with what it was given. */
public final class DeadlineException extends EarshotException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param subject what was to be done
     * @param stage how far it came
     * @param allowed the time that the caller gave it
     */
    public DeadlineException(Object subject, String stage, Duration allowed) {
        super(
                message(subject, "no answer after " + allowed + " (" + stage + ")", "a later deadline, or less load"),
                null);
    }
}
