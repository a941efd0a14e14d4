package org.earshot.server.service;

import java.time.Duration;
import org.earshot.CallOptions;

/** When a request's time is over. Immutable. */
public final class Deadline {
    private final long end;
    private final Duration allowed;

    private Deadline(long end, Duration allowed) {
        this.end = end;
        this.allowed = allowed;
    }

    /**
     * A deadline from now on.
     *
     * @param allowed positive
     * @return the deadline
     */
    public static Deadline in(Duration allowed) {
        return new Deadline(System.nanoTime() + allowed.toNanos(), allowed);
    }

    /**
     * What is left.
     *
     * @return nanoseconds, negative if the time is over
     */
    public long remainingNanos() {
        return end - System.nanoTime();
    }

    /**
     * What a call within it is told.
     *
     * @return with what is left
     * @throws RequestException if nothing is left
     */
    public CallOptions options() {
        long left = remainingNanos();
        if (left <= 0) {
            throw late();
        }
        return CallOptions.none().withDeadline(Duration.ofNanos(left));
    }

    /**
     * What ends a request whose time is over.
     *
     * @return the exception
     */
    public RequestException late() {
        return new RequestException(
                Problem.LATE, "request: found no answer within " + allowed.toMillis() + " ms; expected one by then");
    }
}
