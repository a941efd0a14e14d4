package org.earshot.audio;

/**
 * Resampling by a ratio with too many phases to tabulate: the coefficients of each output come from a coarse table by
 * cubic (four-point Lagrange) interpolation.
 *
 * <p>Interpolating a function band-limited to w radians a step leaves an error of at most 9/384 w^4: with 128 rows for
 * one sample of the lower rate and w below pi / 128, -160 dB.
 */
final class InterpolatingKernel extends ResamplingKernel {
    private static final int BLOCK = 2048;

    private final int steps;

    private final float[] table;

    private final double[] taps;

    InterpolatingKernel(int up, int down, FilterBank filter) {
        super(up, down, filter);
        steps = filter.steps();
        table = filter.coefficients();
        taps = new double[2 * filter.half()];
    }

    @Override
    int blockOutputs() {
        return BLOCK;
    }

    @Override
    int windowLength() {
        return Math.toIntExact(inputAt(BLOCK) + 1 + taps.length);
    }

    @Override
    void run(float[] window, long firstOutput, float[] output, int count) {
        long firstInput = inputAt(firstOutput);
        for (int i = 0; i < count; i++) {
            long position = Math.multiplyExact(firstOutput + i, (long) down());
            interpolate((double) (position % up()) / up() * steps);
            output[i] = (float) dot(taps, window, (int) (position / up() - firstInput));
        }
    }

    private void interpolate(double step) {
        int row = (int) step;
        double u = step - row;
        double a = -u * (u - 1) * (u - 2) / 6;
        double b = (u + 1) * (u - 1) * (u - 2) / 2;
        double c = -(u + 1) * u * (u - 2) / 2;
        double d = (u + 1) * u * (u - 1) / 6;
        int before = row * taps.length;
        int left = before + taps.length;
        int right = left + taps.length;
        int after = right + taps.length;
        for (int i = 0; i < taps.length; i++) {
            taps[i] = (a * table[before + i] + b * table[left + i]) + (c * table[right + i] + d * table[after + i]);
        }
    }

    /** Four sums, so that additions need not wait for each other. */
    private static double dot(double[] taps, float[] window, int start) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        for (int i = 0; i < taps.length; i += 4) {
            s0 += taps[i] * window[start + i];
            s1 += taps[i + 1] * window[start + i + 1];
            s2 += taps[i + 2] * window[start + i + 2];
            s3 += taps[i + 3] * window[start + i + 3];
        }
        return (s0 + s1) + (s2 + s3);
    }
}
