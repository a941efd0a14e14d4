package org.earshot.backend.portable;

/**
 * Functions applied to every element of a row. All are written as plain arithmetic without branches, so that the loops
 * vectorise.
 *
 * <p>The exponential function is built from {@code m = expm1(x / 32)}, a Taylor polynomial, and five times {@code m <-
 * m (m + 2)}, which is {@code expm1} of twice the argument. Working on {@code e^x - 1} keeps the rounding errors
 * proportional to {@code |x|} where x is small; the arguments are clamped to |x| &lt;= 32, beyond which {@code e^-|x|}
 * is below 2e-14.
 */
final class Elementwise {
    private static final float LIMIT = 32f;
    private static final float SCALE = 1f / 32f;

    private Elementwise() {}

    /**
     * e^x for x &lt;= 0, as a factor that a state decays by: the absolute error is below 2^-21. (Relative accuracy is
     * lost below x = -10, where the factor forgets all but 5e-5 of the state.) The Taylor polynomial of degree 5 errs
     * by {@code 32 e^x (x/32)^6 / 6!}, at most 5e-9.
     */
    static float decay(float x) {
        float y = Math.max(x, -LIMIT) * SCALE;
        float m = y * (1f + y * (1f / 2 + y * (1f / 6 + y * (1f / 24 + y * (1f / 120)))));
        return 1f + square5(m);
    }

    /**
     * e^x - 1 for |x| &lt;= 32, arguments beyond are clamped: the error is below 1.2e-5 of e^x at the ends (there the
     * Taylor polynomial of degree 9 errs by {@code 32 (x/32)^10 / 10!}), and below 2^-21 of |x| near zero.
     */
    static float expm1(float x) {
        float y = Math.min(Math.max(x, -LIMIT), LIMIT) * SCALE;
        float p = 1f / 5040 + y * (1f / 40320 + y * (1f / 362880));
        p = 1f / 24 + y * (1f / 120 + y * (1f / 720 + y * p));
        float m = y * (1f + y * (1f / 2 + y * (1f / 6 + y * p)));
        return square5(m);
    }

    private static float square5(float expm1) {
        float m = expm1;
        m = m * (m + 2f);
        m = m * (m + 2f);
        m = m * (m + 2f);
        m = m * (m + 2f);
        return m * (m + 2f);
    }

    /** {@code 1 / (1 + e^-x)}, of single numbers where speed does not matter. */
    static float sigmoid(float x) {
        return (float) (1 / (1 + Math.exp(-x)));
    }

    /** {@code x <- SiLU(x) = x / (1 + e^-x)}. */
    static void silu(float[] x, int length) {
        for (int t = 0; t < length; t++) {
            x[t] = x[t] / (2f + expm1(-x[t]));
        }
    }

    /**
     * {@code x <- softplus(x + bias)}, where {@code softplus(x) = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)}, and with
     * {@code q = e^|x|} the logarithm is {@code 2 atanh(s)}, {@code s = 1 / (2 q + 1) <= 1/3}, whose series up to s^13
     * errs by less than 2e-8 of it. Above 20, where PyTorch returns x itself, the logarithm is below half an ulp of x.
     *
     * @param s a row for what is between; one loop would be too large to be vectorised
     */
    static void softplus(float[] x, float bias, float[] s, int length) {
        for (int t = 0; t < length; t++) {
            s[t] = 1f / (3f + 2f * expm1(Math.abs(x[t] + bias)));
        }
        for (int t = 0; t < length; t++) {
            float r = s[t] * s[t];
            float p = 1f / 9 + r * (1f / 11 + r * (1f / 13));
            p = 1f + r * (1f / 3 + r * (1f / 5 + r * (1f / 7 + r * p)));
            x[t] = Math.max(x[t] + bias, 0f) + 2f * s[t] * p;
        }
    }

    /** {@code y <- (y + skip u) gate}. */
    static void gate(float[] y, float[] u, float[] gate, float skip, int length) {
        for (int t = 0; t < length; t++) {
            y[t] = (y[t] + skip * u[t]) * gate[t];
        }
    }
}
