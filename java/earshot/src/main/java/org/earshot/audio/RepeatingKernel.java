package org.earshot.audio;

/** Resampling where the phases repeat soon: every {@code up} outputs, {@code down} inputs further on. */
abstract class RepeatingKernel extends ResamplingKernel {
    /**
     * Periods computed together at most: a few vectors long, so that the rows in use stay in the second-level cache.
     */
    static final int PERIODS = 128;

    private final int outputs;
    private final int inputs;
    private final int rows;

    RepeatingKernel(int up, int down, FilterBank filter) {
        super(up, down, filter);
        // A period shorter than the filter is repeated: neighbouring periods share all but its length of their window.
        int taps = 2 * filter.half();
        int repeats = (taps + down - 1) / down;
        outputs = up * repeats;
        inputs = down * repeats;
        rows = inputs + taps;
    }

    /** Outputs of a period. */
    final int outputs() {
        return outputs;
    }

    /** Inputs that a period advances by. */
    final int inputs() {
        return inputs;
    }

    /** Inputs that a period's outputs look at, at most. */
    final int rows() {
        return rows;
    }

    @Override
    final int blockOutputs() {
        return outputs * PERIODS;
    }

    @Override
    final int windowLength() {
        return inputs * (PERIODS - 1) + rows;
    }
}
