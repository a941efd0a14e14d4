package org.earshot.evaluation;

import java.util.List;

/**
 * A 95 % confidence interval.
 *
 * @param low lower end
 * @param high upper end
 */
public record Interval(double low, double high) {
    /** The standard normal distribution's 97.5 % quantile. */
    private static final double NORMAL = 1.959963984540054;

    /**
     * The score interval of a share (Wilson 1927). It keeps its width where all or none are right, which a bootstrap's
     * does not: ten of ten are 72 to 100 %.
     *
     * @param right how many are right
     * @param all of how many, at least 1
     * @return from 0 to 1
     */
    public static Interval wilson(int right, int all) {
        double share = (double) right / all;
        double square = NORMAL * NORMAL;
        double centre = (right + square / 2) / (all + square);
        double half = NORMAL / (all + square) * Math.sqrt(all * share * (1 - share) + square / 4);
        // The ends are exact where rounding would not let them be.
        return new Interval(right == 0 ? 0 : centre - half, right == all ? 1 : centre + half);
    }

    /**
     * An interval of the mean of the classes' recalls, from their Wilson intervals (MOVER: Zou, Huang and Zhang 2009,
     * "A note on confidence interval estimation for a linear function of binomial proportions"): each end lies as far
     * from the mean as the root of the sum of the squared distances of the classes' own ends, divided by their number.
     *
     * @param confusion answers by truth; classes without clips do not count
     * @return from 0 to 1
     */
    static Interval ofMeanRecall(ConfusionMatrix confusion) {
        double mean = 0;
        double below = 0;
        double above = 0;
        int classes = 0;
        List<ClassScore> scores = ClassScore.of(confusion);
        for (int label = 0; label < scores.size(); label++) {
            int clips = scores.get(label).clips();
            if (clips > 0) {
                double recall = scores.get(label).recall();
                Interval own = wilson(confusion.count(label, label), clips);
                mean += recall;
                below += (recall - own.low) * (recall - own.low);
                above += (own.high - recall) * (own.high - recall);
                classes++;
            }
        }
        mean /= classes;
        return new Interval(
                Math.max(0, mean - Math.sqrt(below) / classes), Math.min(1, mean + Math.sqrt(above) / classes));
    }
}
