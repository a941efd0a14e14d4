package org.earshot.labelling;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Which clips keep a pseudo-label (ASCMamba paper, section 3.3). All clips are ranked by the probability of the first
 * model's answer, the highest first; equals by file name, so that the outcome never depends on chance. The first
 * {@code share} of them, rounded to a whole number of clips (a half up: of one clip, 90 % is that clip; of five, all
 * five), keep that answer in step 1. With a second model, a clip of the rest keeps it in step 2 if the second model
 * answers the same.
 *
 * @param share of the clips that step 1 keeps at most, from 0 to 1
 * @param minimumConfidence least probability of an answer that step 1 keeps, from 0 to 1; the clips below are treated
 *     as the rest is
 */
public record LabellingRule(double share, double minimumConfidence) {
    /** The share of the paper's two-step scheme. */
    public static final double PAPER_SHARE = 0.9;

    /**
     * Checks the numbers.
     *
     * @param share from 0 to 1
     * @param minimumConfidence from 0 to 1
     * @throws IllegalArgumentException if one is not so
     */
    public LabellingRule {
        require("share", share);
        require("minimum confidence", minimumConfidence);
    }

    /**
     * The rule by what a user asks for.
     *
     * @param second whether there is a second model
     * @param share null for the usual one: {@link #PAPER_SHARE} with a second model, else all
     * @param minimumConfidence from 0 to 1
     * @return the rule
     * @throws IllegalArgumentException as the constructor
     */
    public static LabellingRule of(boolean second, Double share, double minimumConfidence) {
        double usual = second ? PAPER_SHARE : 1;
        return new LabellingRule(share == null ? usual : share, minimumConfidence);
    }

    private static void require(String name, double value) {
        // Written so that NaN fails too.
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + ": found " + value + "; expected a number from 0 to 1");
        }
    }

    /**
     * The number of clips that the share is.
     *
     * @param clips of how many
     * @return the share of them, in decimal arithmetic, to the nearest whole number, a half up
     */
    public long count(long clips) {
        return BigDecimal.valueOf(share)
                .multiply(BigDecimal.valueOf(clips))
                .setScale(0, RoundingMode.HALF_UP)
                .longValueExact();
    }
}
