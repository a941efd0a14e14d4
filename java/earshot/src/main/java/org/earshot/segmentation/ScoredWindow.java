package org.earshot.segmentation;

import java.time.Duration;
import java.util.Objects;

/** What a window was taken for. */
public final class ScoredWindow {
    /** Twice as much still has a number of nanoseconds; a stream's time ends after a hundred years. */
    private static final Duration LONGEST = Duration.ofDays(120 * 365);

    private final Duration start;
    private final Duration end;
    private final float[] probabilities;

    /**
     * Takes what a window was taken for.
     *
     * @param start time from the recording's start
     * @param end likewise, later than the start, within 120 years
     * @param probabilities one for each scene, in the order of the labels; not copied, so not to be changed
     * @throws IllegalArgumentException if the times are not so
     */
    public ScoredWindow(Duration start, Duration end, float[] probabilities) {
        if (start.isNegative() || end.compareTo(start) <= 0 || end.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("window from " + start + " to " + end
                    + "; expected one that starts at 0 or later, and ends later than that, within 120 years");
        }
        this.start = start;
        this.end = end;
        this.probabilities = Objects.requireNonNull(probabilities);
    }

    /**
     * When it starts.
     *
     * @return time from the recording's start
     */
    public Duration start() {
        return start;
    }

    /**
     * When it ends.
     *
     * @return time from the recording's start
     */
    public Duration end() {
        return end;
    }

    float[] probabilities() {
        return probabilities;
    }

    long centreNanos() {
        return (start.toNanos() + end.toNanos()) / 2;
    }

    /** From the centre of the window before to this one's. */
    double secondsAfter(ScoredWindow before) {
        return (centreNanos() - before.centreNanos()) / 1e9;
    }
}
