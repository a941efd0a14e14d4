package org.earshot.backend.portable;

import org.earshot.layer.NormalizedConvolution;

/**
 * Instance norm and PReLU of one plane, in place. Mean and biased variance are taken in two passes and summed in double
 * precision. Three passes over a plane of 128 KiB (paper size), which the second-level cache holds.
 */
final class InstanceNorm {
    private InstanceNorm() {}

    /** Normalises channel c of a layer's output, {@code length} values from {@code offset}. */
    static void apply(NormalizedConvolution layer, int c, float epsilon, float[] values, int offset, int length) {
        double mean = sum(values, offset, length) / length;
        double variance = sumOfSquares(values, offset, length, mean) / length;
        float scale = (float) (layer.scale().values()[c] / Math.sqrt(variance + epsilon));
        // The mean is subtracted first: in a plane that is nearly constant (silence), scale is large, and x * scale +
        // (shift - mean * scale) would cancel badly. What its rounding loses goes into the shift.
        float center = (float) mean;
        float shift = (float) (layer.shift().values()[c] - (mean - center) * scale);
        float slope = layer.slope().values()[c];
        for (int i = offset; i < offset + length; i++) {
            float n = (values[i] - center) * scale + shift;
            values[i] = Math.max(n, 0f) + slope * Math.min(n, 0f);
        }
    }

    /** Four sums side by side, so that an addition need not wait for the one before it. */
    private static double sum(float[] x, int offset, int length) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = offset;
        int end = offset + length;
        for (; i + 4 <= end; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < end; i++) {
            s0 += x[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    private static double sumOfSquares(float[] x, int offset, int length, double mean) {
        double s0 = 0;
        double s1 = 0;
        int i = offset;
        int end = offset + length;
        for (; i + 2 <= end; i += 2) {
            s0 += (x[i] - mean) * (x[i] - mean);
            s1 += (x[i + 1] - mean) * (x[i + 1] - mean);
        }
        for (; i < end; i++) {
            s0 += (x[i] - mean) * (x[i] - mean);
        }
        return s0 + s1;
    }
}
