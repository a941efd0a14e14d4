package org.earshot.evaluation;

/**
 * The papers' two metrics (tools/reference/spec/models.md, "Metric").
 *
 * @param accuracy share of right answers
 * @param macroAccuracy mean of the recalls of the classes that have clips
 */
record Scores(double accuracy, double macroAccuracy) {
    /** Of {@code counts[truth][answer]}, at least one of them not 0. */
    static Scores of(int[][] counts) {
        long all = 0;
        long right = 0;
        int present = 0;
        double recalls = 0;
        for (int label = 0; label < counts.length; label++) {
            long clips = 0;
            for (int count : counts[label]) {
                clips += count;
            }
            all += clips;
            right += counts[label][label];
            if (clips > 0) {
                present++;
                recalls += (double) counts[label][label] / clips;
            }
        }
        return new Scores((double) right / all, recalls / present);
    }
}
