package org.earshot.audio;

/**
 * Low-pass filter: h(t) = 2 c sinc(2 c t) w(t), t in samples, with a Kaiser window w. Length and shape follow from
 * Kaiser's formulas for the stop-band attenuation and the width of the transition band.
 */
final class KaiserSinc {
    /**
     * The three are fitted to soxr's "HQ", measured with tones from 48 to 44.1 kHz: from the end of the pass-band to 34
     * dB down the responses differ by less than 0.04 dB (ResamplerTest). A network trained on librosa's features has
     * learned that slope.
     */
    private static final double ATTENUATION_DB = 126.6;

    /** End of the pass-band as a share of the Nyquist frequency. */
    private static final double PASS_BAND = 0.915;

    /** Begin of the stop-band, likewise. */
    private static final double STOP_BAND = 0.9987;

    private static final double BETA = 0.1102 * (ATTENUATION_DB - 8.7);

    private final double cutoff;
    private final double reach;
    private final double beta;
    private final int half;

    /**
     * A low-pass filter.
     *
     * @param cutoff c, in cycles per sample
     * @param reach half the window's length, in samples
     * @param beta shape of the window
     */
    KaiserSinc(double cutoff, double reach, double beta) {
        this.cutoff = cutoff;
        this.reach = reach;
        this.beta = beta;
        half = (int) Math.ceil(reach);
    }

    /**
     * Designs the resampler's filter.
     *
     * @param bandwidth lower of the two Nyquist frequencies as a share of the input's
     */
    static KaiserSinc resampling(double bandwidth) {
        double transition = 0.5 * bandwidth * (STOP_BAND - PASS_BAND);
        double length = (ATTENUATION_DB - 7.95) / (14.36 * transition);
        // An even half: the kernels take four taps at a time.
        return new KaiserSinc(0.5 * bandwidth * (STOP_BAND + PASS_BAND) / 2, 2 * Math.ceil(length / 4), BETA);
    }

    int taps() {
        return 2 * half;
    }

    int half() {
        return half;
    }

    /**
     * Coefficients for an output that lies a fraction of a sample after input sample {@code half - 1} of its window.
     * They sum to 1, so that a constant stays that constant at every phase.
     */
    double[] coefficients(double fraction) {
        double[] row = new double[taps()];
        double sum = 0;
        for (int tap = 0; tap < row.length; tap++) {
            row[tap] = at(tap - (half - 1) - fraction);
            sum += row[tap];
        }
        for (int tap = 0; tap < row.length; tap++) {
            row[tap] /= sum;
        }
        return row;
    }

    private double at(double time) {
        double x = time / reach;
        if (Math.abs(x) >= 1) {
            return 0;
        }
        double angle = 2 * Math.PI * cutoff * time;
        double sinc = Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle;
        return sinc * besselI0(beta * Math.sqrt(1 - x * x));
    }

    /** Modified Bessel function of order 0: the sum of ((x/2)^k / k!)^2. */
    private static double besselI0(double x) {
        double quarterSquare = x * x / 4;
        double term = 1;
        double sum = 1;
        for (int k = 1; term > sum * 1e-17; k++) {
            term *= quarterSquare / ((double) k * k);
            sum += term;
        }
        return sum;
    }
}
