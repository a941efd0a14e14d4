package org.earshot.audio;

import java.util.Arrays;

/**
 * Resampling where the phases repeat soon: every {@code up} outputs, {@code down} inputs further on.
 *
 * <p>A sum over the taps of one output cannot be vectorised in Java (the order of additions is fixed), so one phase is
 * computed for many periods at once: the window is transposed so that row j holds input j of every period, and each tap
 * adds a multiple of one row to a row of outputs. Float32 throughout, twice the numbers to a vector: rounding adds less
 * than the last bit that soxr "HQ" is made for (ResamplerTest holds both to it).
 */
final class PeriodicKernel extends ResamplingKernel {
    /**
     * Periods computed together at most: a few vectors long, so that the rows in use stay in the second-level cache.
     */
    private static final int PERIODS = 128;

    private final int outputs;
    private final int inputs;
    private final float[][] coefficients;
    private final float[][] rows;
    private final float[] sums = new float[PERIODS];

    PeriodicKernel(int up, int down, FilterBank filter) {
        super(up, down, filter);
        // A period shorter than the filter is repeated: neighbouring periods share all but its length of their window.
        int taps = 2 * filter.half();
        int repeats = (taps + down - 1) / down;
        outputs = up * repeats;
        inputs = down * repeats;
        coefficients = filter.rows();
        rows = new float[inputs + taps][PERIODS];
    }

    @Override
    int blockOutputs() {
        return outputs * PERIODS;
    }

    @Override
    int windowLength() {
        return inputs * (PERIODS - 1) + rows.length;
    }

    @Override
    void run(float[] window, long firstOutput, float[] output, int count) {
        int phases = Math.min(count, outputs);
        int periods = (count + outputs - 1) / outputs;
        long firstInput = inputAt(firstOutput);
        int last = (int) (inputAt(firstOutput + phases - 1) - firstInput) + 2 * half();
        for (int j = 0; j < last; j++) {
            float[] row = rows[j];
            for (int period = 0; period < periods; period++) {
                row[period] = window[period * inputs + j];
            }
        }
        int firstPhase = (int) (firstOutput % up());
        for (int phase = 0; phase < phases; phase++) {
            Arrays.fill(sums, 0);
            int row = (int) (inputAt(firstOutput + phase) - firstInput);
            addTaps(coefficients[(firstPhase + phase) % up()], row, periods);
            for (int period = 0; period < periods; period++) {
                output[period * outputs + phase] = sums[period];
            }
        }
    }

    private void addTaps(float[] taps, int firstRow, int periods) {
        for (int tap = 0; tap < taps.length; tap += 4) {
            addFour(
                    sums,
                    taps[tap],
                    rows[firstRow + tap],
                    taps[tap + 1],
                    rows[firstRow + tap + 1],
                    taps[tap + 2],
                    rows[firstRow + tap + 2],
                    taps[tap + 3],
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
