package org.earshot.evaluation;

import java.util.List;

/**
 * How far a model's probabilities can be taken at their word (Guo et al. 2017, equations 1 to 3).
 *
 * @param bins equal parts of 0 to 1 that hold clips by the probability of their answer, from low to high, empty ones
 *     too
 * @param expectedError expected calibration error: mean over clips of |accuracy - confidence| of their bin
 */
public record Calibration(List<Bin> bins, double expectedError) {
    /**
     * The clips whose answer was given a probability in (low, high].
     *
     * @param low excluded, but for the first bin
     * @param high included
     * @param clips how many
     * @param confidence mean probability of their answers; NaN if there are none
     * @param accuracy share of right answers; NaN if there are none
     */
    public record Bin(double low, double high, int clips, double confidence, double accuracy) {}
}
