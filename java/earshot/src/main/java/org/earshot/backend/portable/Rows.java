package org.earshot.backend.portable;

/** Small loops along rows that several layers share, each written so that it vectorises. */
final class Rows {
    private Rows() {}

    /** {@code sum += x^2}. */
    static void addSquare(float[] sum, float[] x, int length) {
        for (int t = 0; t < length; t++) {
            sum[t] += x[t] * x[t];
        }
    }

    /** {@code sum += (x - mean)^2}. */
    static void addSquaredDistance(float[] sum, float[] x, float[] mean, int length) {
        for (int t = 0; t < length; t++) {
            sum[t] += (x[t] - mean[t]) * (x[t] - mean[t]);
        }
    }

    /** {@code sum <- 1 / sqrt(sum / count + epsilon)}. */
    static void inverseRoot(float[] sum, int count, float epsilon, int length) {
        for (int t = 0; t < length; t++) {
            sum[t] = (float) (1 / Math.sqrt(sum[t] / count + epsilon));
        }
    }

    /** {@code y <- x scale weight}. */
    static void scale(float[] y, float[] x, float[] scale, float weight, int length) {
        for (int t = 0; t < length; t++) {
            y[t] = x[t] * scale[t] * weight;
        }
    }

    /** {@code x <- (x - mean) scale weight + shift}. */
    static void normalize(float[] x, float[] mean, float[] scale, float weight, float shift, int length) {
        for (int t = 0; t < length; t++) {
            x[t] = (x[t] - mean[t]) * scale[t] * weight + shift;
        }
    }
}
