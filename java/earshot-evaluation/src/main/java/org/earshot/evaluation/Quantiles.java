package org.earshot.evaluation;

/** Quantiles of a sample. */
public final class Quantiles {
    private Quantiles() {}

    /**
     * A quantile, interpolated linearly between the two nearest values (type 7 of Hyndman and Fan 1996, numpy's
     * default).
     *
     * @param sorted the sample in ascending order, at least one value
     * @param share from 0, the smallest value, to 1, the largest
     * @return the quantile
     */
    public static double of(double[] sorted, double share) {
        double position = share * (sorted.length - 1);
        int below = (int) position;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
}
