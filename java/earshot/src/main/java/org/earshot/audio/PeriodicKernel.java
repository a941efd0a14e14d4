package org.earshot.audio;

import java.util.Arrays;

/**
 * The sums in Java. A sum over the taps of one output cannot be vectorised (the order of additions is fixed), so one
 * phase is computed for many periods at once: the window is transposed so that row j holds input j of every period, and
 * each tap adds a multiple of one row to a row of outputs. Float32 throughout, twice the numbers to a vector: rounding
 * adds less than the last bit that soxr "HQ" is made for (ResamplerTest holds both to it).
 */
final class PeriodicKernel extends RepeatingKernel {
    private final float[] coefficients;
    private final float[][] rows;
    private final float[] sums = new float[PERIODS];

    PeriodicKernel(int up, int down, FilterBank filter) {
        super(up, down, filter);
        coefficients = filter.coefficients();
        rows = new float[rows()][PERIODS];
    }

    @Override
    void run(float[] window, long firstOutput, float[] output, int count) {
        int phases = Math.min(count, outputs());
        int periods = (count + outputs() - 1) / outputs();
        long firstInput = inputAt(firstOutput);
        int last = (int) (inputAt(firstOutput + phases - 1) - firstInput) + 2 * half();
        for (int j = 0; j < last; j++) {
            float[] row = rows[j];
            for (int period = 0; period < periods; period++) {
                row[period] = window[period * inputs() + j];
            }
        }
        int firstPhase = (int) (firstOutput % up());
        for (int phase = 0; phase < phases; phase++) {
            Arrays.fill(sums, 0);
            int row = (int) (inputAt(firstOutput + phase) - firstInput);
            addTaps((firstPhase + phase) % up() * 2 * half(), row, periods);
            for (int period = 0; period < periods; period++) {
                output[period * outputs() + phase] = sums[period];
            }
        }
    }

    private void addTaps(int first, int firstRow, int periods) {
        for (int tap = 0; tap < 2 * half(); tap += 4) {
            addFour(
                    sums,
                    coefficients[first + tap],
                    rows[firstRow + tap],
                    coefficients[first + tap + 1],
                    rows[firstRow + tap + 1],
                    coefficients[first + tap + 2],
                    rows[firstRow + tap + 2],
                    coefficients[first + tap + 3],
                    rows[firstRow + tap + 3],
                    periods);
        }
    }

    /** All arrays with the same plain index: only so does the JIT know that they do not overlap, and vectorises. */
    private static void addFour(
            float[] y, float a, float[] xa, float b, float[] xb, float c, float[] xc, float d, float[] xd, int count) {
        for (int i = 0; i < count; i++) {
            y[i] += (a * xa[i] + b * xb[i]) + (c * xc[i] + d * xd[i]);
        }
    }
}
