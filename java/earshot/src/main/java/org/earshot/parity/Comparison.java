package org.earshot.parity;

import java.util.List;

/**
 * One tensor of a golden file beside what was computed for it.
 *
 * @param name in the golden file: {@code module.gru}, {@code output.logits}
 * @param node the network's node that it belongs to
 * @param ran the nodes that were computed for it; those before them were fed what the reference made
 * @param difference of the two
 * @param measure what of it is held to the tolerance
 * @param tolerance how large that may be
 * @param bound what rounding in these nodes may amount to, relative to the spread; of samples and features, 0
 * @param guess what the reference seems to do otherwise; empty where nothing is known that would explain it, or where
 *     nobody asked
 * @param expected the reference's values
 * @param computed the engine's
 */
public record Comparison(
        String name,
        String node,
        List<String> ran,
        Difference difference,
        Measure measure,
        double tolerance,
        double bound,
        String guess,
        Grid expected,
        Grid computed) {
    /** What of a difference is held to a tolerance. */
    public enum Measure {
        /** The largest, relative to the spread of the expected values. */
        RELATIVE,
        /** The largest, in the values' own unit: dB of features. */
        LARGEST,
        /** The mean, likewise. */
        MEAN,
        /** The mean, relative to the spread. */
        RELATIVE_MEAN
    }

    /** Copies the list. */
    public Comparison {
        ran = List.copyOf(ran);
    }

    /**
     * What is held to the tolerance.
     *
     * @return as {@link #measure} says
     */
    public double measured() {
        return switch (measure) {
            case RELATIVE -> difference.relative();
            case LARGEST -> difference.largest();
            case MEAN -> difference.mean();
            case RELATIVE_MEAN -> difference.mean() / difference.spread();
        };
    }

    /**
     * Whether the difference is small enough.
     *
     * @return false also for NaN
     */
    public boolean passes() {
        return measured() <= tolerance;
    }

    /**
     * Mean absolute difference in each band.
     *
     * @return F numbers
     */
    public double[] perBand() {
        double[] sums = new double[expected.bands()];
        int perBand = expected.values().length / sums.length;
        for (int i = 0; i < expected.values().length; i++) {
            sums[i / expected.channels() % sums.length] += distance(i) / perBand;
        }
        return sums;
    }

    /**
     * Mean absolute difference in each frame.
     *
     * @return T numbers
     */
    public double[] perFrame() {
        double[] sums = new double[expected.frames()];
        int perFrame = expected.values().length / sums.length;
        for (int i = 0; i < expected.values().length; i++) {
            sums[i / expected.channels() / expected.bands() % sums.length] += distance(i) / perFrame;
        }
        return sums;
    }

    private double distance(int index) {
        return Math.abs((double) computed.values()[index] - expected.values()[index]);
    }

    /** The same with a guess. */
    Comparison guessed(String text) {
        return new Comparison(name, node, ran, difference, measure, tolerance, bound, text, expected, computed);
    }
}
