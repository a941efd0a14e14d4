package org.earshot.backend.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The functions against {@link Math} in double precision, over the whole range of floats. */
class ElementwiseTest {
    /** Every float of a coarse grid over all exponents and signs, with the values near zero and the limits. */
    private static float[] grid() {
        float[] special = {
            0f,
            -0f,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            1e-40f,
            -1e-40f,
            20f,
            20.000002f,
            32f,
            -32f,
            32.01f,
            -87.4f,
            -104f,
            88.8f,
            Float.MAX_VALUE,
            -Float.MAX_VALUE
        };
        int steps = 40_000;
        float[] grid = new float[2 * steps + special.length];
        for (int i = 0; i < steps; i++) {
            double share = (double) i / steps;
            // Even: magnitudes from 2^-149 to 2^127; odd: where the functions bend.
            float x = (float) (i % 2 == 0 ? Math.pow(2, -149 + 276 * share) : 40 * share);
            grid[2 * i] = x;
            grid[2 * i + 1] = -x;
        }
        System.arraycopy(special, 0, grid, 2 * steps, special.length);
        return grid;
    }

    @Test
    void decay() {
        for (float x : grid()) {
            if (x <= 0) {
                assertEquals(Math.exp(x), Elementwise.decay(x), Math.scalb(1.0, -21), () -> "at " + x);
            }
        }
        assertEquals(0f, Elementwise.decay(Float.NEGATIVE_INFINITY), 2.5e-7f);
        assertTrue(Float.isNaN(Elementwise.decay(Float.NaN)));
    }

    @Test
    void expm1() {
        for (float x : grid()) {
            if (Math.abs(x) <= 32) {
                double bound =
                        1.2e-5 * Math.exp(x) * Math.min(1, Math.abs(x)) + Math.scalb(Math.min(1, Math.abs(x)), -21);
                assertEquals(Math.expm1(x), Elementwise.expm1(x), bound + 32 * Float.MIN_VALUE, () -> "at " + x);
            }
        }
    }

    @Test
    void silu() {
        float[] x = grid();
        float[] y = x.clone();
        Elementwise.silu(y, y.length);
        for (int i = 0; i < x.length; i++) {
            double expected = x[i] / (1 + Math.exp(-(double) x[i]));
            // Beyond -32 the sigmoid stays at e^-32 = 1.3e-14 instead of going to 0.
            double bound = 5e-6 * Math.abs(expected) + 1.3e-14 * Math.abs((double) x[i]) + Float.MIN_VALUE;
            assertEquals(expected, y[i], bound, "at " + x[i]);
        }
    }

    @Test
    void softplus() {
        float[] x = grid();
        float[] y = x.clone();
        Elementwise.softplus(y, 0f, new float[y.length], y.length);
        for (int i = 0; i < x.length; i++) {
            double expected = x[i] > 20 ? x[i] : Math.log1p(Math.exp(x[i]));
            assertEquals(expected, y[i], 5e-6 * expected + 1.4e-14, "at " + x[i]);
            assertTrue(y[i] >= 0);
        }
    }

    @Test
    void nonFiniteValuesShow() {
        float[] x = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        float[] silu = x.clone();
        Elementwise.silu(silu, 3);
        float[] softplus = x.clone();
        Elementwise.softplus(softplus, 0f, new float[3], 3);
        assertTrue(Float.isNaN(silu[0]) && Float.isNaN(softplus[0]));
        assertEquals(Float.POSITIVE_INFINITY, silu[1]);
        assertEquals(Float.POSITIVE_INFINITY, softplus[1]);
        assertEquals(0f, softplus[2], 2e-14f);
    }
}
