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
 * <p>Idea: a state update must wait for the one before it, but the E channels are independent: the inner loop runs over
 * them, for one state at a time. For that, delta and delta u are turned from rows of positions into rows of channels, a
 * few positions at a time, and y is turned back. Bound: arithmetic, about 25 operations a state update for the
 * exponential function.
 */
final class SelectiveScan {
    /** Positions turned at a time: with E = 256, three times 64 KiB. */
    private static final int CHUNK = 64;

    private final int inner;
    private final int states;
    /** A, one row of E values per state. */
    private final float[][] decayRates;

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
        decayRates = new float[states][inner];
        for (int n = 0; n < states; n++) {
            for (int e = 0; e < inner; e++) {
                decayRates[n][e] = a[e * states + n];
            }
        }
    }

    /** What one worker needs: the state and a chunk of positions as rows of channels. */
    final class ScanRows {
        /** h, one row of E values per state. */
        final float[][] state;

        private final float[][] delta;
        private final float[][] drive;
        private final float[][] output;
        private final float[] readout = new float[states];

        ScanRows(RowPool.Taker rows) {
            state = rows.take(states, inner);
            delta = rows.take(CHUNK, inner);
            drive = rows.take(CHUNK, inner);
            output = rows.take(CHUNK, inner);
        }
    }

    /**
     * Scans a tile.
     *
     * @param work the worker's; its state is read if {@code carry}, and left as the last position leaves it
     * @param delta before bias and softplus {@code [E][length]}; becomes y
     * @param u {@code [E][length]}
     * @param z {@code [E][length]}
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
            Elementwise.softplus(delta[e], deltaBias[e], length);
        }
        for (int from = 0; from < length; from += CHUNK) {
            int count = Math.min(CHUNK, length - from);
            turnIn(work, delta, u, from, count);
            for (int i = 0; i < count; i++) {
                int t = from + i;
                if (t % period == 0 && !(t == 0 && carry)) {
                    for (float[] row : work.state) {
                        Arrays.fill(row, 0, inner, 0f);
                    }
                }
                step(work, i, b, c, t);
            }
            turnOut(work, delta, from, count);
        }
        for (int e = 0; e < inner; e++) {
            Elementwise.gate(delta[e], u[e], z[e], skip[e], length);
        }
    }

    private void step(ScanRows work, int i, float[][] b, float[][] c, int t) {
        for (int n = 0; n < states; n++) {
            advance(work.state[n], decayRates[n], work.delta[i], work.drive[i], b[n][t], inner);
            work.readout[n] = c[n][t];
        }
        Arrays.fill(work.output[i], 0, inner, 0f);
        MatrixProduct.addRows(work.output[i], work.state, 0, states, work.readout, 0, inner);
    }

    /** {@code h <- exp(delta A) h + (delta u) B} for one state of all channels. */
    private static void advance(float[] h, float[] a, float[] delta, float[] drive, float b, int length) {
        for (int e = 0; e < length; e++) {
            h[e] = Elementwise.decay(delta[e] * a[e]) * h[e] + drive[e] * b;
        }
    }

    private void turnIn(ScanRows work, float[][] delta, float[][] u, int from, int count) {
        for (int e = 0; e < inner; e++) {
            float[] deltaRow = delta[e];
            float[] uRow = u[e];
            for (int i = 0; i < count; i++) {
                float d = deltaRow[from + i];
                work.delta[i][e] = d;
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
