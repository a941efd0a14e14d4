package org.earshot.backend.portable;

import java.util.Arrays;
import org.earshot.layer.MambaLayer;

/**
 * A Mamba layer, {@code x + mixer(RMSNorm(x))}, applied to a tile of positions held as rows; formulas and names as in
 * {@link MambaLayer}. A tile holds whole sequences one behind the other, or a part of one long sequence whose state
 * goes on to the next tile.
 */
final class PreparedMambaLayer {
    private final MambaLayer layer;
    private final SelectiveScan scan;
    private final float epsilon;

    PreparedMambaLayer(MambaLayer layer, float epsilon) {
        this.layer = layer;
        this.epsilon = epsilon;
        float[] a = new float[layer.inner() * layer.states()];
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) -Math.exp(layer.aLog().values()[i]);
        }
        scan = new SelectiveScan(a, layer.skip().values(), layer.dtBias().values());
    }

    /** What one worker needs to apply the layer. */
    final class TileRows {
        private final float[][] normed;
        private final float[] scale;
        private final float[][] u;
        private final float[][] z;
        private final float[][] uz;
        private final float[][] shifted;
        private final float[][] projected;
        private final float[][] dt;
        private final float[][] b;
        private final float[][] c;
        private final float[][] delta;
        private final SelectiveScan.ScanRows scanning;
        /** The last K - 1 values of u before the convolution, oldest first, per channel. */
        private final float[] history;

        TileRows(RowPool.Taker rows, int length) {
            int inner = layer.inner();
            int rank = layer.rank();
            int states = layer.states();
            normed = rows.take(layer.channels(), length);
            scale = rows.take(length);
            uz = rows.take(2 * inner, length);
            u = Arrays.copyOfRange(uz, 0, inner);
            z = Arrays.copyOfRange(uz, inner, 2 * inner);
            shifted = rows.take(layer.taps(), length);
            projected = rows.take(rank + 2 * states, length);
            dt = Arrays.copyOfRange(projected, 0, rank);
            b = Arrays.copyOfRange(projected, rank, rank + states);
            c = Arrays.copyOfRange(projected, rank + states, rank + 2 * states);
            delta = rows.take(inner, length);
            scanning = scan.new ScanRows(rows, length);
            history = rows.take(inner * (layer.taps() - 1));
        }
    }

    /**
     * Applies the layer in place.
     *
     * @param work the worker's
     * @param x {@code [C][length]}
     * @param length number of positions
     * @param period length of a sequence; one begins at every multiple of it
     * @param carry whether position 0 continues the sequence of the tile before
     */
    void apply(TileRows work, float[][] x, int length, int period, boolean carry) {
        int channels = layer.channels();
        int inner = layer.inner();
        rmsNorm(work, x, length);
        product(work.uz, layer.inProjection().values(), work.normed, length);
        for (int e = 0; e < inner; e++) {
            convolve(work, e, length, period, carry);
            Elementwise.silu(work.u[e], length);
        }
        product(work.projected, layer.xProjection().values(), work.u, length);
        product(work.delta, layer.dtProjection().values(), work.dt, length);
        scan.run(work.scanning, work.delta, work.u, work.z, work.b, work.c, length, period, carry);
        MatrixProduct.accumulate(
                x, channels, work.delta, inner, layer.outProjection().values(), 0, inner, length);
    }

    /** {@code out = weights in}, without bias. */
    private static void product(float[][] out, float[] weights, float[][] in, int length) {
        for (float[] row : out) {
            Arrays.fill(row, 0, length, 0f);
        }
        MatrixProduct.accumulate(out, out.length, in, in.length, weights, 0, in.length, length);
    }

    private void rmsNorm(TileRows work, float[][] x, int length) {
        int channels = layer.channels();
        float[] scale = work.scale;
        Arrays.fill(scale, 0, length, 0f);
        for (int c = 0; c < channels; c++) {
            Rows.addSquare(scale, x[c], length);
        }
        Rows.inverseRoot(scale, channels, epsilon, length);
        for (int c = 0; c < channels; c++) {
            Rows.scale(work.normed[c], x[c], scale, layer.norm().values()[c], length);
        }
    }

    /**
     * The causal depthwise convolution of one channel, in place. Tap k reads K - 1 - k positions back: a shifted copy
     * of the row, with zeros, or what the tile before left, where a sequence begins.
     */
    private void convolve(TileRows work, int e, int length, int period, boolean carry) {
        float[] row = work.u[e];
        int past = layer.taps() - 1;
        for (int k = 0; k <= past; k++) {
            int shift = past - k;
            float[] copy = work.shifted[k];
            System.arraycopy(row, 0, copy, Math.min(shift, length), Math.max(length - shift, 0));
            for (int start = 0; start < length; start += period) {
                boolean continued = start == 0 && carry;
                for (int j = 0; j < Math.min(shift, length - start); j++) {
                    copy[start + j] = continued ? work.history[e * past + past - shift + j] : 0f;
                }
            }
        }
        remember(work, e, length, carry);
        Arrays.fill(row, 0, length, layer.convBias().values()[e]);
        MatrixProduct.addRows(row, work.shifted, 0, past + 1, layer.convWeight().values(), e * (past + 1), length);
    }

    private void remember(TileRows work, int e, int length, boolean carry) {
        int past = layer.taps() - 1;
        int kept = Math.max(past - length, 0);
        float[] history = work.history;
        for (int i = 0; i < kept; i++) {
            history[e * past + i] = carry ? history[e * past + i + length] : 0f;
        }
        System.arraycopy(work.u[e], length - (past - kept), history, e * past + kept, past - kept);
    }
}
