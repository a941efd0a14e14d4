package org.earshot.backend.portable;

import java.util.Arrays;

/**
 * The selective scan with all that surrounds it (Gu and Dao, "Mamba", 2023), for a tile of positions held as rows:
 *
 * <pre>
 * delta = softplus(delta + deltaBias)
 * h_t   = exp(delta_t A) h_{t-1} + delta_t B_t u_t
 * y_t   = (C_t h_t + D u_t) SiLU(z_t)
 * </pre>
 *
 * <p>Idea: a state update must wait for the one before it, but the E channels are independent. {@value #GROUP}
 * positions at a time, delta and delta u are turned from rows of positions into rows of channels; then, for one state
 * index after the other, all decay factors of these positions are computed in one long loop, and the updates follow
 * position by position, each a loop over the channels. y is turned back. Bound: arithmetic, about 20 operations a state
 * update for the exponential function.
 */
final class SelectiveScan {
    /** Positions turned at a time: with E = 256, rows of 16 KiB, and loops of 4096 for the decay factors. */
    private static final int GROUP = 16;

    private final int inner;
    private final int states;
    /** A, one row per state index: its E values, repeated {@value #GROUP} times. */
    private final float[][] rates;

    private final float[] skip;
    private final float[] deltaBias;

    /**
     * Prepares a scan.
     *
     * @param a A, at most 0, {@code [E, N]}
     * @param skip D {@code [E]}
     * @param deltaBias {@code [E]}
     */
    SelectiveScan(float[] a, float[] skip, float[] deltaBias) {
        this.inner = skip.length;
        this.states = a.length / inner;
        this.skip = skip;
        this.deltaBias = deltaBias;
        rates = new float[states][GROUP * inner];
        for (int n = 0; n < states; n++) {
            for (int i = 0; i < GROUP * inner; i++) {
                rates[n][i] = a[i % inner * states + n];
            }
        }
    }

    /** What one worker needs: the state and a chunk of positions as rows of channels. */
    final class ScanRows {
        /** h, one row of E values per state. */
        final float[][] state;

        /** delta and its decay factors, {@code [GROUP * E]}. */
        private final float[] delta;

        private final float[] decay;
        private final float[] decayOfOne;
        /** delta u and y, {@code [GROUP][E]}. */
        private final float[][] drive;

        private final float[][] output;
        private final float[] between;

        /** Takes rows for tiles of the given length. */
        ScanRows(RowPool.Taker rows, int length) {
            state = rows.take(states, inner);
            delta = rows.take(GROUP * inner);
            decay = rows.take(GROUP * inner);
            decayOfOne = rows.take(inner);
            drive = rows.take(GROUP, inner);
            output = rows.take(GROUP, inner);
            between = rows.take(length);
        }
    }

    /**
     * Scans a tile.
     *
     * @param work the worker's; its state is read if {@code carry}, and left as the last position leaves it
     * @param delta before bias and softplus {@code [E][length]}; becomes y
     * @param u {@code [E][length]}
     * @param z {@code [E][length]}; becomes SiLU(z)
     * @param b {@code [N][length]}
     * @param c {@code [N][length]}
     * @param length number of positions
     * @param period the state starts from zero at every multiple of it
     * @param carry whether position 0 continues an earlier tile instead
     */
    void run(
            ScanRows work,
            float[][] delta,
            float[][] u,
            float[][] z,
            float[][] b,
            float[][] c,
            int length,
            int period,
            boolean carry) {
        for (int e = 0; e < inner; e++) {
            Elementwise.softplus(delta[e], deltaBias[e], work.between, length);
        }
        for (int from = 0; from < length; from += GROUP) {
            int count = Math.min(GROUP, length - from);
            turnIn(work, delta, u, from, count);
            for (int n = 0; n < states; n++) {
                decay(work.decay, work.delta, rates[n], count * inner);
                for (int i = 0; i < count; i++) {
                    int t = from + i;
                    if (t % period == 0 && !(t == 0 && carry)) {
                        Arrays.fill(work.state[n], 0, inner, 0f);
                    }
                    System.arraycopy(work.decay, i * inner, work.decayOfOne, 0, inner);
                    update(work.state[n], work.decayOfOne, work.drive[i], b[n][t], inner);
                    MatrixProduct.addOne(work.output[i], work.state[n], c[n][t], inner);
                }
            }
            turnOut(work, delta, from, count);
        }
        for (int e = 0; e < inner; e++) {
            Elementwise.silu(z[e], length);
            Elementwise.gate(delta[e], u[e], z[e], skip[e], length);
        }
    }

    /** {@code decay <- exp(delta A)}. */
    private static void decay(float[] decay, float[] delta, float[] a, int length) {
        for (int i = 0; i < length; i++) {
            decay[i] = Elementwise.decay(delta[i] * a[i]);
        }
    }

    /** {@code h <- decay h + (delta u) B} for one state of all channels. */
    private static void update(float[] h, float[] decay, float[] drive, float b, int length) {
        for (int e = 0; e < length; e++) {
            h[e] = decay[e] * h[e] + drive[e] * b;
        }
    }

    private void turnIn(ScanRows work, float[][] delta, float[][] u, int from, int count) {
        for (int i = 0; i < count; i++) {
            Arrays.fill(work.output[i], 0, inner, 0f);
        }
        for (int e = 0; e < inner; e++) {
            float[] deltaRow = delta[e];
            float[] uRow = u[e];
            for (int i = 0; i < count; i++) {
                float d = deltaRow[from + i];
                work.delta[i * inner + e] = d;
                work.drive[i][e] = d * uRow[from + i];
            }
        }
    }

    private void turnOut(ScanRows work, float[][] y, int from, int count) {
        for (int e = 0; e < inner; e++) {
            float[] row = y[e];
            for (int i = 0; i < count; i++) {
                row[from + i] = work.output[i][e];
            }
        }
    }
}
