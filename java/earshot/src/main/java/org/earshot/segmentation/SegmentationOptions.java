package org.earshot.segmentation;

import java.time.Duration;
import java.util.Objects;

/**
 * How windows become segments. Immutable.
 *
 * <p>The windows' probabilities are smoothed. A scene is then left as soon as its smoothed probability falls below the
 * threshold to leave it, and another entered if its own is at least the threshold to enter one, and larger than any
 * other's; where none is, there is no segment. A scene that lasts for less than the shortest dwell is no segment
 * either: its time belongs to the one before (at the beginning, to the one behind). The recording's last scene lasts to
 * the end of its last window. Where no scene lasts long enough, the recording is one segment, of the scene that is most
 * probable on average, as of a clip.
 */
public final class SegmentationOptions {
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private static final SegmentationOptions NONE = new SegmentationOptions(new Smoothing.None(), 0, 1, Duration.ZERO);
    private static final SegmentationOptions DEFAULTS = NONE.withShortestDwell(Duration.ofSeconds(8));

    private final Smoothing smoothing;
    private final double enter;
    private final double leave;
    private final Duration shortestDwell;

    private SegmentationOptions(Smoothing smoothing, double enter, double leave, Duration shortestDwell) {
        this.smoothing = smoothing;
        this.enter = enter;
        this.leave = leave;
        this.shortestDwell = shortestDwell;
    }

    /**
     * What did better than {@link #none} on synthetic journeys, live and in files (tools/reference/README.md): a scene
     * must last for eight seconds. Where scenes may be shorter, or only files are to be judged, a
     * {@link Smoothing.HiddenMarkov} chain serves as well.
     *
     * @return the options
     */
    public static SegmentationOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Neither smoothing nor thresholds: each window counts for the scene that is the most probable in it.
     *
     * @return the options
     */
    public static SegmentationOptions none() {
        return NONE;
    }

    /**
     * Smooths otherwise.
     *
     * @param choice how
     * @return such options
     */
    public SegmentationOptions withSmoothing(Smoothing choice) {
        return new SegmentationOptions(Objects.requireNonNull(choice), enter, leave, shortestDwell);
    }

    /**
     * Sets the thresholds of the smoothed probability.
     *
     * @param toEnter a scene is entered that has at least this, in [0, 1]; 0 for the most probable one however
     *     improbable it is
     * @param toLeave the scene is left that has less than this, in [0, 1]; 1 to leave it as soon as another is more
     *     probable
     * @return such options
     * @throws IllegalArgumentException if one is not in [0, 1]
     */
    public SegmentationOptions withThresholds(double toEnter, double toLeave) {
        return new SegmentationOptions(
                smoothing, requireShare("to enter", toEnter), requireShare("to leave", toLeave), shortestDwell);
    }

    private static double requireShare(String name, double value) {
        // Written so that NaN fails too.
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("threshold " + name + ": " + value + "; expected a number in [0, 1]");
        }
        return value;
    }

    /**
     * Sets how long a scene must last to be a segment.
     *
     * @param shortest not negative
     * @return such options
     */
    public SegmentationOptions withShortestDwell(Duration shortest) {
        if (shortest.isNegative()) {
            throw new IllegalArgumentException(
                    "shortest dwell: " + shortest + "; expected a duration that is not negative");
        }
        return new SegmentationOptions(smoothing, enter, leave, shortest);
    }

    /** A positive duration in nanoseconds; of centuries, as many as there are: for ever. */
    static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) < 0 ? duration.toNanos() : Long.MAX_VALUE;
    }

    /**
     * How probabilities are smoothed.
     *
     * @return the choice
     */
    public Smoothing smoothing() {
        return smoothing;
    }

    /**
     * The smoothed probability that a scene needs to be entered.
     *
     * @return in [0, 1]
     */
    public double enter() {
        return enter;
    }

    /**
     * The smoothed probability below which a scene is left.
     *
     * @return in [0, 1]
     */
    public double leave() {
        return leave;
    }

    /**
     * How long a scene must last to be a segment.
     *
     * @return not negative
     */
    public Duration shortestDwell() {
        return shortestDwell;
    }

    @Override
    public String toString() {
        return "SegmentationOptions[" + smoothing + ", enter " + enter + ", leave " + leave + ", shortest dwell "
                + shortestDwell + "]";
    }
}
