package org.earshot;

/**
 * The mean of vectors, {@code sum(w_i v_i) / sum(w_i)}, in double precision: how the answers of several windows, and of
 * several models, become one.
 */
final class WeightedMean {
    private double[] sum = {};
    private double weights;

    /**
     * Adds a vector.
     *
     * @param weight how much it counts, more than 0
     * @param vector as long as the others
     */
    void add(double weight, float... vector) {
        if (weights == 0) {
            sum = new double[vector.length];
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] += weight * vector[i];
        }
        weights += weight;
    }

    /** Adds a vector that counts as much as each other one. */
    void add(float... vector) {
        add(1, vector);
    }

    /** The mean of what was added, at least one vector. */
    float[] mean() {
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sum[i] / weights);
        }
        return mean;
    }
}
