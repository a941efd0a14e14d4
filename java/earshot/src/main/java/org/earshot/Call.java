package org.earshot;

import java.time.Duration;
import org.earshot.error.CancelledException;
import org.earshot.error.DeadlineException;

/**
 * Whether one call is still wanted: its deadline, and the interrupt status of the thread that works on it, by which
 * callers cancel.
 */
final class Call {
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final long begun = System.nanoTime();
    private final Duration allowed;
    private final long allowedNanos;
    private final Object subject;

    /**
     * Begins now.
     *
     * @param subject what messages call it
     */
    Call(CallOptions options, Object subject) {
        allowed = options.deadline().orElse(LONGEST);
        allowedNanos = nanos(allowed);
        this.subject = subject;
    }

    /** A duration in nanoseconds; of centuries, as many as can be added to. */
    static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) < 0 ? duration.toNanos() : LONGEST.toNanos();
    }

    /** The time that is left, at most 0 if none is. */
    long remainingNanos() {
        return allowedNanos - (System.nanoTime() - begun);
    }

    /**
     * Fails if the call is no longer wanted.
     *
     * @param stage how far it came
     * @throws CancelledException if the thread is interrupted, which it stays
     * @throws DeadlineException if the time is over
     */
    void requireWanted(String stage) {
        if (Thread.currentThread().isInterrupted()) {
            throw cancelled(null);
        }
        if (remainingNanos() <= 0) {
            throw late(stage);
        }
    }

    /** Whether it has a deadline. */
    boolean isBounded() {
        return allowedNanos < LONGEST.toNanos();
    }

    /** What a call throws whose time is over. */
    DeadlineException late(String stage) {
        return new DeadlineException(subject, stage, allowed);
    }

    /** What a call throws that is no longer wanted. */
    CancelledException cancelled(Throwable cause) {
        return new CancelledException(subject.toString(), cause);
    }
}
