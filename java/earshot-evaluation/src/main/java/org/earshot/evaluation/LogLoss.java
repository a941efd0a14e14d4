package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.List;

/**
 * How surprised a model is by the truth: the multi-class cross-entropy, the mean of -ln of the probability that it gave
 * to the right class (natural logarithm; 0 is perfect, guessing one of n classes costs ln n). A probability counts as
 * at least 2^-23 and at most 1 - 2^-23, what scikit-learn's {@code log_loss} makes of float32.
 *
 * @param mean over all clips
 * @param macro mean of the classes' own; classes without clips do not count
 * @param classes of each class's clips, in the order of the labels; NaN where there are none
 */
public record LogLoss(double mean, double macro, List<Double> classes) {
    private static final double LEAST = 0x1p-23;

    /**
     * Copies the list.
     *
     * @param mean over all clips
     * @param macro mean of the classes' own
     * @param classes of each class
     */
    public LogLoss {
        classes = List.copyOf(classes);
    }

    /**
     * Measures.
     *
     * @param answers of a model
     * @return its loss
     */
    public static LogLoss of(Answers answers) {
        int labels = answers.labels().size();
        double[] sums = new double[labels];
        int[] clips = new int[labels];
        double all = 0;
        for (int clip = 0; clip < answers.clips(); clip++) {
            int truth = answers.truth(clip);
            double probability = Math.max(LEAST, Math.min(1 - LEAST, answers.probability(clip, truth)));
            double loss = -Math.log(probability);
            sums[truth] += loss;
            clips[truth]++;
            all += loss;
        }
        List<Double> classes = new ArrayList<>();
        double sum = 0;
        int present = 0;
        for (int label = 0; label < labels; label++) {
            double loss = sums[label] / clips[label];
            classes.add(loss);
            if (clips[label] > 0) {
                sum += loss;
                present++;
            }
        }
        return new LogLoss(all / answers.clips(), sum / present, classes);
    }
}
