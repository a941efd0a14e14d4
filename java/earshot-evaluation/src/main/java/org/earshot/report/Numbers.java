package org.earshot.report;

import java.util.Locale;
import org.earshot.evaluation.Estimate;
import org.earshot.evaluation.Interval;

/** Figures as text, the same on every machine. */
final class Numbers {
    /** Stands for a figure that does not exist, such as the recall of a class without clips. */
    static final String NONE = "–";

    // Keeps a figure and its unit on one line.
    private static final String UNIT = "\u00A0%";

    private Numbers() {}

    /** A share of 0 to 1 as percent. */
    static String percent(double share) {
        return Double.isFinite(share) ? points(share) + UNIT : NONE;
    }

    /** A share and its interval. */
    static String percent(Estimate estimate) {
        return percent(estimate.value());
    }

    /** The bootstrap's interval of a share. */
    static String interval(Estimate estimate) {
        return interval(new Interval(estimate.low(), estimate.high()));
    }

    static String interval(Interval interval) {
        if (!Double.isFinite(interval.low()) || !Double.isFinite(interval.high())) {
            return NONE;
        }
        return points(interval.low()) + " to " + points(interval.high()) + UNIT;
    }

    /** A log loss, which has no unit. */
    static String loss(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : NONE;
    }

    /** A mean share with its standard deviation, both in percent. */
    static String spread(double mean, double deviation) {
        if (!Double.isFinite(mean) || !Double.isFinite(deviation)) {
            return percent(mean);
        }
        return points(mean) + " ± " + points(deviation) + UNIT;
    }

    static String count(long count) {
        return String.format(Locale.ROOT, "%d", count);
    }

    /** "1 clip", "2 clips". */
    static String clips(long count) {
        return count(count) + (count == 1 ? " clip" : " clips");
    }

    /** A colour, 0xRRGGBB, as style sheets write it. */
    static String colour(int colour) {
        return String.format(Locale.ROOT, "#%06x", colour);
    }

    /**
     * A time of a recording: seconds, minutes and seconds, or hours too.
     *
     * @param seconds the time
     * @param length of the recording, seconds, which says what of these there is
     */
    static String clock(double seconds, double length) {
        if (length < 60) {
            return fine(seconds) + " s";
        }
        long whole = Math.round(seconds);
        return length < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }

    /** A length or place in a drawing. */
    static String place(double value) {
        String text = String.format(Locale.ROOT, "%.1f", value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    /** A share that a drawing needs more exactly. */
    static String fine(double value) {
        return String.format(Locale.ROOT, "%.3f", value).replaceAll("\\.?0+$", "");
    }

    /** A share as percent, where the unit is said elsewhere. */
    static String points(double share) {
        return String.format(Locale.ROOT, "%.1f", 100 * share);
    }
}
