package org.earshot.audio;

/**
 * The resampler's sums by vectors of the processor: a service, looked for once, and used if it gives the very bits that
 * the sums in Java give. What a recording's samples are does not depend on it.
 */
public interface ResamplingProducts {
    /** Floats of scratch for each input that a period's outputs look at. */
    int SCRATCH = 32;

    /** Floats of scratch beyond them, so that its rows can begin where lines of the cache do. */
    int SCRATCH_LINE = 16;

    /**
     * Whether it runs on this machine.
     *
     * @return false where, for example, its library does not load
     */
    boolean isAvailable();

    /**
     * Computes a block of outputs: output n lies at input n * down / up, and is the sum of the inputs around it times
     * the coefficients of phase n modulo {@code up}. Each sum of four products is formed in pairs and added to those
     * before, {@code sum + ((a + b) + (c + d))}, every operation rounded to float32.
     *
     * @param coefficients {@code [up, taps]}, taps a multiple of 4
     * @param up the new rate, in lowest terms
     * @param down the old rate, in lowest terms
     * @param window inputs from {@code taps / 2 - 1} before the first output's on, as many as whole periods look at
     * @param firstOutput its index
     * @param output takes the block from its first element on
     * @param count of outputs, at least 1
     * @param scratch {@value #SCRATCH} floats for each input that the first period's outputs look at, and
     *     {@value #SCRATCH_LINE} beyond
     */
    void run(
            float[] coefficients,
            int up,
            int down,
            float[] window,
            long firstOutput,
            float[] output,
            int count,
            float[] scratch);
}
