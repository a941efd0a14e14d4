package org.earshot.parity;

/** What people resample with in place of soxr: SciPy's polyphase filter, and straight lines between samples. */
final class OtherResamplers {
    /** The shape of the Kaiser window that {@code scipy.signal.resample_poly} takes by default. */
    private static final double BETA = 5.0;

    private OtherResamplers() {}

    /** {@code scipy.signal.resample_poly}, librosa's {@code res_type="polyphase"}. */
    static float[] polyphase(float[] x, int inputRate, int outputRate) {
        int divisor = greatestCommonDivisor(inputRate, outputRate);
        int up = outputRate / divisor;
        int down = inputRate / divisor;
        int half = 10 * Math.max(up, down);
        double[] filter = lowPass(half, 1.0 / Math.max(up, down), up);
        int length = (int) (((long) x.length * up + down - 1) / down);
        float[] y = new float[length];
        for (int n = 0; n < length; n++) {
            long centre = (long) n * down;
            long first = Math.max(0, (centre - half + up - 1) / up);
            long last = Math.min(x.length - 1L, (centre + half) / up);
            double sum = 0;
            for (long k = first; k <= last; k++) {
                sum += x[(int) k] * filter[(int) (centre - k * up) + half];
            }
            y[n] = (float) sum;
        }
        return y;
    }

    private static int greatestCommonDivisor(int one, int other) {
        return other == 0 ? one : greatestCommonDivisor(other, one % other);
    }

    /** {@code scipy.signal.firwin(2 half + 1, cutoff, window=("kaiser", 5.0))} times {@code gain}. */
    private static double[] lowPass(int half, double cutoff, int gain) {
        double[] filter = new double[2 * half + 1];
        double sum = 0;
        for (int i = 0; i < filter.length; i++) {
            double at = i - half;
            double angle = Math.PI * cutoff * at;
            double sinc = at == 0 ? cutoff : Math.sin(angle) / (Math.PI * at);
            filter[i] = sinc * bessel(BETA * Math.sqrt(1 - at * at / ((double) half * half))) / bessel(BETA);
            sum += filter[i];
        }
        for (int i = 0; i < filter.length; i++) {
            filter[i] *= gain / sum;
        }
        return filter;
    }

    /** The modified Bessel function of order 0. */
    private static double bessel(double x) {
        double sum = 1;
        double term = 1;
        for (int k = 1; term > 1e-18 * sum; k++) {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }
        return sum;
    }

    /** {@code numpy.interp}: straight lines between samples, nothing filtered. */
    static float[] linear(float[] x, int inputRate, int outputRate) {
        int length = (int) (((long) x.length * outputRate + inputRate - 1) / inputRate);
        float[] y = new float[length];
        for (int n = 0; n < length; n++) {
            double at = (double) n * inputRate / outputRate;
            int before = Math.min((int) at, x.length - 1);
            int after = Math.min(before + 1, x.length - 1);
            y[n] = (float) (x[before] + (at - before) * (x[after] - x[before]));
        }
        return y;
    }
}
