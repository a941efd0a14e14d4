package org.earshot.audio;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Coefficients of the resampler for one ratio of rates: a row for each phase where those are few, else a coarse table
 * to interpolate in. Immutable, and kept for the ratios used last: designing one takes as long as using it for seconds
 * of sound.
 */
final class FilterBank {
    /** Coefficients that a filter with one row for each of its phases may have: 2 MiB. */
    private static final int MAX_EXACT_COEFFICIENTS = 1 << 18;

    /** Rows of an interpolated table for one sample of the lower rate; see {@link InterpolatingKernel}. */
    private static final int INTERPOLATED_STEPS = 128;

    private static final int BANKS_KEPT = 8;

    private static final Map<Long, FilterBank> KEPT = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, FilterBank> eldest) {
            return size() > BANKS_KEPT;
        }
    };

    private final int half;
    private final int steps;
    private final boolean exact;
    private final float[] coefficients;
    private final double[][] onset;

    private FilterBank(int half, int steps, boolean exact, float[] coefficients, double[][] onset) {
        this.half = half;
        this.steps = steps;
        this.exact = exact;
        this.coefficients = coefficients;
        this.onset = onset;
    }

    /** The filter for a ratio in lowest terms. */
    static FilterBank of(int up, int down) {
        synchronized (KEPT) {
            return KEPT.computeIfAbsent((long) up << Integer.SIZE | down, ratio -> design(up, down));
        }
    }

    private static FilterBank design(int up, int down) {
        double bandwidth = Math.min(1.0, (double) up / down);
        KaiserSinc filter = KaiserSinc.resampling(bandwidth);
        boolean exact = (long) up * filter.taps() <= MAX_EXACT_COEFFICIENTS;
        // Going down, the filter is as much smoother as it is longer.
        int steps = exact ? up : (int) Math.max(4, Math.ceil(INTERPOLATED_STEPS * bandwidth));
        int rows = exact ? up : steps + 3;
        float[] coefficients = new float[rows * filter.taps()];
        for (int i = 0; i < rows; i++) {
            double fraction = exact ? (double) ((long) i * down % up) / up : (i - 1) / (double) steps;
            double[] row = filter.coefficients(fraction);
            for (int tap = 0; tap < row.length; tap++) {
                coefficients[i * row.length + tap] = (float) row[tap];
            }
        }
        return new FilterBank(filter.half(), steps, exact, coefficients, SoxrOnset.design(up, down, filter));
    }

    /** Half the number of taps. */
    int half() {
        return half;
    }

    /** Rows for one input sample. */
    int steps() {
        return steps;
    }

    /**
     * Whether row p is that of phase p. Else row i is the filter at fraction (i - 1) / steps of a sample, with one row
     * before 0 and one after 1 for the interpolation.
     */
    boolean exact() {
        return exact;
    }

    /** The coefficients, {@code [rows, taps]}, shared by all who use them: only to be read. */
    float[] coefficients() {
        return coefficients;
    }

    /** As {@link SoxrOnset#design}, shared likewise. */
    double[][] onset() {
        return onset;
    }
}
