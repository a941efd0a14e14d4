package org.earshot.evaluation;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * 95 % confidence intervals by the percentile bootstrap (Efron and Tibshirani 1993, chapter 13): a draw takes as many
 * clips as the set has, with replacement; the interval reaches from the 2.5 % to the 97.5 % quantile of what the draws
 * score. In a draw's macro accuracy the classes count that it has clips of. Where all answers are right, or all wrong,
 * these intervals have no width; beside them stand those from Wilson's.
 *
 * <p>The same seed takes the same clips everywhere, whatever the model: the intervals of two models are of the same
 * draws.
 *
 * @param accuracy share of right answers
 * @param macroAccuracy mean of the recalls of the classes that have clips
 */
record Bootstrap(Estimate accuracy, Estimate macroAccuracy) {
    private static final double LOW = 0.025;
    private static final double HIGH = 0.975;

    /**
     * Estimates.
     *
     * @param answers of a model
     * @param draws at least 1
     * @param seed of the draws
     */
    static Bootstrap of(Answers answers, int draws, long seed) {
        int clips = answers.clips();
        int classes = answers.labels().size();
        int[][] counts = new int[classes][classes];
        for (int clip = 0; clip < clips; clip++) {
            counts[answers.truth(clip)][answers.answer(clip)]++;
        }
        Scores whole = Scores.of(counts);
        double[] accuracy = new double[draws];
        double[] macroAccuracy = new double[draws];
        SplittableRandom random = new SplittableRandom(seed);
        for (int draw = 0; draw < draws; draw++) {
            for (int[] row : counts) {
                Arrays.fill(row, 0);
            }
            for (int i = 0; i < clips; i++) {
                int clip = random.nextInt(clips);
                counts[answers.truth(clip)][answers.answer(clip)]++;
            }
            Scores scores = Scores.of(counts);
            accuracy[draw] = scores.accuracy();
            macroAccuracy[draw] = scores.macroAccuracy();
        }
        ConfusionMatrix confusion = ConfusionMatrix.of(answers);
        Interval share = Interval.wilson(
                (int) IntStream.range(0, clips).filter(answers::correct).count(), clips);
        return new Bootstrap(
                estimate(whole.accuracy(), accuracy, share),
                estimate(whole.macroAccuracy(), macroAccuracy, Interval.ofMeanRecall(confusion)));
    }

    private static Estimate estimate(double value, double[] draws, Interval wilson) {
        Arrays.sort(draws);
        return new Estimate(value, Quantiles.of(draws, LOW), Quantiles.of(draws, HIGH), wilson);
    }
}
