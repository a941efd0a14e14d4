package org.earshot.audio;

import java.math.BigInteger;

/**
 * Computes a block of output samples from a window of input samples. Output n lies at input time n * down / up, where
 * up / down is the ratio of the rates in lowest terms.
 */
abstract class ResamplingKernel {
    private final int up;
    private final int down;
    private final FilterBank filter;

    ResamplingKernel(int up, int down, FilterBank filter) {
        this.up = up;
        this.down = down;
        this.filter = filter;
    }

    /** A faster kernel where the phases repeat soon enough to be tabulated, else the one that interpolates. */
    static ResamplingKernel of(int inputRate, int outputRate) {
        int divisor = BigInteger.valueOf(inputRate)
                .gcd(BigInteger.valueOf(outputRate))
                .intValue();
        int up = outputRate / divisor;
        int down = inputRate / divisor;
        FilterBank filter = FilterBank.of(up, down);
        if (!filter.exact()) {
            return new InterpolatingKernel(up, down, filter);
        }
        return FoundProducts.BEST
                .<ResamplingKernel>map(products -> new ProductsKernel(up, down, filter, products))
                .orElseGet(() -> new PeriodicKernel(up, down, filter));
    }

    final int up() {
        return up;
    }

    final int down() {
        return down;
    }

    /** Half the number of taps. */
    final int half() {
        return filter.half();
    }

    /** Index of the last input sample at or before an output sample. */
    final long inputAt(long output) {
        return Math.multiplyExact(output, (long) down) / up;
    }

    /** Index of the last output sample whose {@link #inputAt} is not beyond the given one. */
    final long lastOutputAt(long input) {
        return (Math.multiplyExact(input + 1, (long) up) - 1) / down;
    }

    /** Most outputs that {@link #run} computes at once. */
    abstract int blockOutputs();

    /** Input samples that {@link #run} looks at. */
    abstract int windowLength();

    /**
     * Computes a block.
     *
     * @param window input from sample {@code inputAt(firstOutput) - half + 1} on
     * @param firstOutput index of the block's first output
     * @param output receives the block
     * @param count how many outputs are wanted; what is behind them in the window and in the block is undefined
     */
    abstract void run(float[] window, long firstOutput, float[] output, int count);

    /** Outputs of which soxr leaves something out; see {@link SoxrOnset}. */
    final int onsetLength() {
        return filter.onset().length;
    }

    /**
     * Computes what soxr leaves out of the first outputs.
     *
     * @param window of the first block
     * @param missing receives what each lacks
     */
    final void onset(float[] window, float[] missing) {
        double[][] onset = filter.onset();
        for (int n = 0; n < onset.length; n++) {
            double sum = 0;
            for (int i = 0; i < onset[n].length; i++) {
                sum += onset[n][i] * window[half() - 1 + i];
            }
            missing[n] = (float) sum;
        }
    }
}
