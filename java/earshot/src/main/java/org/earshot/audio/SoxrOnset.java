package org.earshot.audio;

/**
 * What soxr "HQ" leaves out of a recording's first samples.
 *
 * <p>soxr converts in two steps: to an intermediate rate by a sharp filter, and from there by a short one. The second
 * begins at time 0, so that what the first one's response has before that is missing from the first outputs: some per
 * cent of a sound that begins at once, as a recording does that was cut from a longer one. librosa's features of the
 * first frame have that error; here it is made too, to within a thousandth of itself (ResamplerTest).
 *
 * <p>Only where soxr takes just these two steps: not for ratios of small integers, which it converts in one, nor for
 * four times the rate or beyond, nor from 1.5 to 2 times the new rate.
 */
final class SoxrOnset {
    private static final double[][] NOTHING = {};

    /** Of the second filter; its length follows by Kaiser's formula. */
    private static final double ATTENUATION_DB = 132.5;

    /** Fitted, as the next three are, to soxr's answers to an impulse near the beginning, at seven ratios. */
    private static final double BETA = 14.06;

    /** End of the pass-band as a share of the lower Nyquist frequency. */
    private static final double PASS_BAND = 0.913;

    /** Share of the lower Nyquist frequency below which no image may lie. */
    private static final double CLEAN_BAND = 0.974;

    /** Distance of the stop-band from the middle of the slope, as a share of that from the pass-band. */
    private static final double HALF_TRANSITION = 0.5718;

    private SoxrOnset() {}

    /**
     * Designs the correction for a ratio in lowest terms.
     *
     * @param filter low-pass filter of that ratio
     * @return row n: by how much each input from the first on must be multiplied for what output n lacks; no rows where
     *     nothing is missing
     */
    static double[][] design(int up, int down, KaiserSinc filter) {
        double ratio = (double) down / up;
        boolean oneStep = Math.max(up, down) < 5 || (long) up * down < 12;
        boolean doubled = ratio > 0.25 && ratio < 1.5;
        boolean kept = ratio >= 2 && ratio < 4;
        if (oneStep || !(doubled || kept)) {
            return NOTHING;
        }
        double spacing = doubled ? 0.5 : 1;
        KaiserSinc second = secondFilter(Math.min(1, 1 / ratio) * spacing, ratio < 1);
        double[][] before = new double[second.half()][];
        for (int k = 0; k < before.length; k++) {
            before[k] = response(filter, -(k + 1) * spacing);
        }
        double step = ratio / spacing;
        double[][] rows = new double[(int) Math.ceil(second.half() / step)][filter.half()];
        for (int n = 0; n < rows.length; n++) {
            int position = (int) (n * step);
            double[] weights = second.coefficients(n * step - position);
            for (int k = 0; k < before.length; k++) {
                int tap = second.half() - 2 - k - position;
                for (int i = 0; tap >= 0 && i < rows[n].length; i++) {
                    rows[n][i] += weights[tap] * before[k][i];
                }
            }
        }
        return rows;
    }

    /** The second filter for a signal that ends at a share of the intermediate Nyquist frequency. */
    private static KaiserSinc secondFilter(double bandwidth, boolean oddAllowed) {
        double stop = 2 - CLEAN_BAND * bandwidth;
        double transition = HALF_TRANSITION * (stop - PASS_BAND * bandwidth);
        int taps = 1 + (int) ((ATTENUATION_DB - 7.95) / (14.36 * transition));
        if (!oddAllowed) {
            taps += taps % 2;
        }
        return new KaiserSinc((stop - transition) / 2, taps / 2.0, BETA);
    }

    /** What each input from the first on contributes to the response at a time before it. */
    private static double[] response(KaiserSinc filter, double time) {
        int position = (int) Math.floor(time);
        double[] taps = filter.coefficients(time - position);
        double[] response = new double[filter.half()];
        int first = filter.half() - 1 - position;
        System.arraycopy(taps, first, response, 0, taps.length - first);
        return response;
    }
}
