package org.earshot.backend.portable;

import org.earshot.backend.View;
import org.earshot.layer.Shape;

/**
 * Writes planes {@code [C][T * F]} of one clip as {@code [T', F', C]}, as they are or averaged 2x2 (an odd last frame
 * or band is dropped). A task is one frame of the output. Bound by memory.
 */
final class ChannelsLast {
    private final PortableExecution execution;
    private final View planes;
    private final int offset;
    private final Shape shape;
    private final View output;
    private final int step;
    private final Team.Task frame = this::frame;
    private int clip;

    /**
     * Binds.
     *
     * @param execution where it runs
     * @param planes memory the planes lie in
     * @param offset of the first of them, absolute
     * @param shape of the planes, {@code [B, T, F, C]}
     * @param output {@code [B, T', F', C]}
     * @param pooled whether 2x2 values are averaged
     */
    ChannelsLast(PortableExecution execution, View planes, int offset, Shape shape, View output, boolean pooled) {
        this.execution = execution;
        this.planes = planes;
        this.offset = offset;
        this.shape = shape;
        this.output = output;
        step = pooled ? 2 : 1;
    }

    /** Writes one clip. */
    void run(int b) {
        clip = b;
        execution.team().parallel(output.shape().extent(1), frame);
    }

    private void frame(int t, int worker) {
        float[] from = PortableMemory.values(planes);
        float[] to = PortableMemory.values(output);
        int bands = output.shape().extent(2);
        int channels = shape.extent(3);
        int plane = shape.extent(1) * shape.extent(2);
        int base = PortableMemory.offset(output) + (clip * output.shape().extent(1) + t) * bands * channels;
        for (int c = 0; c < channels; c++) {
            int row = offset + c * plane + t * step * shape.extent(2);
            for (int f = 0; f < bands; f++) {
                to[base + f * channels + c] =
                        step == 1 ? from[row + f] : mean(from, row + 2 * f, row + shape.extent(2) + 2 * f);
            }
        }
    }

    /** Mean of two neighbours in one frame and two in the next. */
    private static float mean(float[] x, int first, int second) {
        return 0.25f * (x[first] + x[first + 1] + x[second] + x[second + 1]);
    }
}
