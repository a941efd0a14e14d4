package org.earshot.evaluation;

import java.util.List;

/**
 * Accuracy while more and more clips are told a wrong context (ASCMamba paper, section 4.1).
 *
 * @param change what is wrong with the context
 * @param points by share, the untouched set (0 %) first
 */
public record RobustnessCurve(Change change, List<Point> points) {
    /** What the clips are told. */
    public enum Change {
        /** City and time of another clip of those drawn: Valid-Hard(x %). */
        SHUFFLED,
        /** A city that training never met. */
        UNSEEN_CITY
    }

    /**
     * One share.
     *
     * @param percent clips whose context was changed
     * @param runs draws that were averaged
     * @param accuracy mean over the draws
     * @param accuracySpread standard deviation over the draws, 0 for a single one
     * @param macroAccuracy mean over the draws
     * @param macroAccuracySpread standard deviation over the draws, 0 for a single one
     */
    public record Point(
            int percent,
            int runs,
            double accuracy,
            double accuracySpread,
            double macroAccuracy,
            double macroAccuracySpread) {}
}
