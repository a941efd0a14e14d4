package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.List;

/**
 * How far a model's probabilities can be taken at their word (Guo et al. 2017, equations 1 to 3).
 *
 * @param bins equal parts of 0 to 1 that hold clips by the probability of their answer, from low to high, empty ones
 *     too
 * @param expectedError expected calibration error: mean over clips of |accuracy - confidence| of their bin
 */
public record Calibration(List<Bin> bins, double expectedError) {
    /** Copies the list. */
    public Calibration {
        bins = List.copyOf(bins);
    }

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

    /**
     * Measures.
     *
     * @param answers of a model
     * @param bins how many, at least 1
     * @return the calibration
     */
    public static Calibration of(Answers answers, int bins) {
        int[] clips = new int[bins];
        int[] right = new int[bins];
        double[] confidence = new double[bins];
        for (int clip = 0; clip < answers.clips(); clip++) {
            int bin = bin(answers.confidence(clip), bins);
            clips[bin]++;
            right[bin] += answers.correct(clip) ? 1 : 0;
            confidence[bin] += answers.confidence(clip);
        }
        List<Bin> list = new ArrayList<>();
        double error = 0;
        for (int bin = 0; bin < bins; bin++) {
            error += Math.abs(right[bin] - confidence[bin]);
            list.add(new Bin(
                    edge(bin, bins),
                    edge(bin + 1, bins),
                    clips[bin],
                    confidence[bin] / clips[bin],
                    (double) right[bin] / clips[bin]));
        }
        return new Calibration(list, error / answers.clips());
    }

    private static double edge(int bin, int bins) {
        return (double) bin / bins;
    }

    /** The bin whose (low, high] holds a probability; what rounding put above 1 is in the last. */
    private static int bin(double probability, int bins) {
        int bin = Math.min(bins - 1, Math.max(0, (int) Math.ceil(probability * bins) - 1));
        // The product is rounded; the edges decide.
        if (bin > 0 && probability <= edge(bin, bins)) {
            return bin - 1;
        }
        return bin < bins - 1 && probability > edge(bin + 1, bins) ? bin + 1 : bin;
    }
}
