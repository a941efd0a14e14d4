package org.earshot.backend.portable;

import java.util.Arrays;
import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.Convolution;

/**
 * A convolution over planes, {@code [channels][T * F]}, tile by tile of output positions: the shifted input that each
 * tap of each channel reads is copied into a row (with zeros beyond the edges), a few channels at a time, and the rows
 * are multiplied with the weights. The copies cost one move for O multiply-adds.
 */
final class TiledConvolution {
    /** Positions of a tile. */
    static final int TILE = 512;
    /** Rows gathered at a time: 2 KiB each, small enough for the second-level cache. */
    private static final int GATHERED = 72;

    private final Convolution convolution;
    private final int taps;
    private final int gathered;

    TiledConvolution(Convolution convolution) {
        this.convolution = convolution;
        taps = convolution.kernelTime() * convolution.kernelFrequency();
        gathered = Math.min(convolution.inputs(), Math.max(1, GATHERED / taps));
    }

    /** The rows one worker needs. */
    final class ConvolutionRows {
        private final float[][] input;
        private final float[][] output;

        ConvolutionRows(RowPool.Taker rows) {
            input = rows.take(gathered * taps, TILE);
            output = rows.take(convolution.outputs(), TILE);
        }
    }

    /**
     * The planes a convolution reads.
     *
     * @param view memory they lie in
     * @param channels where in it each channel's plane begins
     * @param step from one position of a plane to the next
     * @param frames T
     * @param bands F
     */
    record Planes(View view, List<Integer> channels, int step, int frames, int bands) {}

    /**
     * Computes one tile.
     *
     * @param work the worker's
     * @param in input planes
     * @param base added to where the planes begin
     * @param bands F' of the output
     * @param first first output position of the tile, {@code t * F' + f}
     * @param length number of positions
     * @param out array of the output planes
     * @param offset of the first output plane
     * @param plane floats of an output plane
     */
    void run(
            ConvolutionRows work,
            Planes in,
            int base,
            int bands,
            int first,
            int length,
            float[] out,
            int offset,
            int plane) {
        float[] weights = convolution.weight().values();
        int inputs = convolution.inputs();
        for (int o = 0; o < convolution.outputs(); o++) {
            Arrays.fill(work.output[o], 0, length, convolution.bias().values()[o]);
        }
        for (int block = 0; block < inputs; block += gathered) {
            int count = Math.min(gathered, inputs - block);
            for (int i = 0; i < count; i++) {
                for (int tap = 0; tap < taps; tap++) {
                    gather(
                            work.input[i * taps + tap],
                            in,
                            base + in.channels().get(block + i),
                            tap,
                            bands,
                            first,
                            length);
                }
            }
            MatrixProduct.accumulate(
                    work.output,
                    convolution.outputs(),
                    work.input,
                    count * taps,
                    weights,
                    block * taps,
                    inputs * taps,
                    length);
        }
        for (int o = 0; o < convolution.outputs(); o++) {
            System.arraycopy(work.output[o], 0, out, offset + o * plane + first, length);
        }
    }

    /** Copies what one tap of one channel reads for the tile's positions, frame by frame. */
    private void gather(float[] row, Planes in, int plane, int tap, int bands, int first, int length) {
        int timeShift = tap / convolution.kernelFrequency() * convolution.dilationTime() - convolution.paddingTime();
        int bandShift = tap % convolution.kernelFrequency() - convolution.paddingFrequency();
        int position = first;
        int end = first + length;
        while (position < end) {
            int t = position / bands;
            int f = position % bands;
            int count = Math.min(bands - f, end - position);
            int frame = t + timeShift;
            if (frame < 0 || frame >= in.frames()) {
                Arrays.fill(row, position - first, position - first + count, 0f);
            } else {
                int source = plane + frame * in.bands() * in.step();
                int band = f * convolution.strideFrequency() + bandShift;
                gatherFrame(row, position - first, count, in, source, band);
            }
            position += count;
        }
    }

    private void gatherFrame(float[] row, int to, int count, Planes in, int source, int band) {
        int stride = convolution.strideFrequency();
        float[] values = PortableMemory.values(in.view());
        if (stride == 1 && in.step() == 1) {
            int before = Math.min(count, Math.max(0, -band));
            int inside = Math.max(0, Math.min(count, in.bands() - band) - before);
            Arrays.fill(row, to, to + before, 0f);
            System.arraycopy(values, source + band + before, row, to + before, inside);
            Arrays.fill(row, to + before + inside, to + count, 0f);
            return;
        }
        for (int i = 0; i < count; i++) {
            int at = band + i * stride;
            row[to + i] = at < 0 || at >= in.bands() ? 0f : values[source + at * in.step()];
        }
    }
}
