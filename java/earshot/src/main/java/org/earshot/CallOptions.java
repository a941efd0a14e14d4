package org.earshot;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** What a caller asks of one call. Immutable; may be used for any number of calls. */
public final class CallOptions {
    private static final CallOptions NONE = new CallOptions(null);

    private final Duration deadline;

    private CallOptions(Duration deadline) {
        this.deadline = deadline;
    }

    /**
     * Nothing in particular: the call takes as long as it takes.
     *
     * @return the options
     */
    public static CallOptions none() {
        return NONE;
    }

    /**
     * Bounds the time of a call, from its beginning on, waiting for a session included. A call that is not done by then
     * throws {@link org.earshot.error.DeadlineException}: at once if it waits, otherwise before the next step of the
     * network (on a CUDA device: before the next window).
     *
     * @param atMost positive
     * @return options with this deadline
     */
    public CallOptions withDeadline(Duration atMost) {
        if (atMost.isNegative() || atMost.isZero()) {
            throw new IllegalArgumentException("deadline: " + atMost + "; expected a positive duration");
        }
        return new CallOptions(Objects.requireNonNull(atMost));
    }

    /**
     * The time that a call may take.
     *
     * @return empty if it is not bounded
     */
    public Optional<Duration> deadline() {
        return Optional.ofNullable(deadline);
    }

    @Override
    public String toString() {
        return "CallOptions[" + deadline().map(time -> "deadline " + time).orElse("none") + "]";
    }
}
