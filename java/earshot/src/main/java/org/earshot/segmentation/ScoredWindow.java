package org.earshot.segmentation;

import java.time.Duration;
import java.util.Objects;

/** What a window was taken for. */
public final class ScoredWindow {
    private final Duration start;
    private final Duration end;
    private final float[] probabilities;

    /**
     * Takes what a window was taken for.
     *
     * @param start time from the recording's start
     * @param end likewise, later than the start
     * @param probabilities one for each scene, in the order of the labels; not copied, so not to be changed
     */
    public ScoredWindow(Duration start, Duration end, float[] probabilities) {
        if (end.compareTo(start) <= 0) {
            throw new IllegalArgumentException(
                    "window from " + start + " to " + end + "; expected one that ends later");
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
