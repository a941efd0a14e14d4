package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.layer.Convolution;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;

/**
 * MobileASCNet's block, clip by clip, between two sets of planes {@code [O][T * F]} in the scratch memory, A and B: the
 * convolution goes to A; ReLU and the depthwise convolution from A to B; the pointwise one from B to A; the shortcut to
 * B; their sum, ReLU and pooling to the output.
 */
final class ResidualSeparableOperation extends PortableOperation {
    private static final int KERNEL = 3;

    private final ResidualSeparable layer;

    ResidualSeparableOperation(ResidualSeparable layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        Shape input = inputs.get(0);
        return 2L * input.extent(1) * input.extent(2) * layer.outputs();
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        Run run = new Run(execution, inputs.get(0), output, scratch);
        return run::run;
    }

    /** A map of channels as a convolution of width 1. */
    private static Convolution pointwise(Linear linear) {
        Shape shape = Shape.of(linear.outputs(), linear.inputs(), 1, 1);
        return Convolution.same(new Parameter(shape, linear.weight().values()), linear.bias());
    }

    /** The operation bound to its arguments. */
    private final class Run {
        private final PortableExecution execution;
        private final View input;
        private final View scratch;
        private final int clips;
        private final int frames;
        private final int bands;
        private final int a;
        private final int b;
        private final PlanarConvolution convolution;
        private final PlanarConvolution pointwise;
        private final PlanarConvolution shortcut;
        private final ChannelsLast write;
        private final Team.Task depthwise = this::depthwise;
        private final Team.Task add = this::add;
        private int clip;

        Run(PortableExecution execution, View input, View output, View scratch) {
            this.execution = execution;
            this.input = input;
            this.scratch = scratch;
            clips = input.shape().extent(0);
            frames = input.shape().extent(1);
            bands = input.shape().extent(2);
            a = PortableMemory.offset(scratch);
            b = a + frames * bands * layer.outputs();
            Shape planes = layer.convolution().outputShape(input.shape());
            List<Integer> channels = new ArrayList<>();
            for (int c = 0; c < layer.outputs(); c++) {
                channels.add(b + c * frames * bands);
            }
            convolution = PlanarConvolution.ofChannelsLast(execution, layer.convolution(), input, scratch, a);
            pointwise = new PlanarConvolution(
                    execution,
                    pointwise(layer.pointwise()),
                    new TiledConvolution.Planes(scratch, channels, 1, frames, bands),
                    0,
                    planes,
                    scratch,
                    a);
            shortcut = layer.shortcut() == null
                    ? null
                    : PlanarConvolution.ofChannelsLast(execution, pointwise(layer.shortcut()), input, scratch, b);
            write = new ChannelsLast(execution, scratch, a, planes, output, true);
        }

        void run() {
            for (clip = 0; clip < clips; clip++) {
                convolution.run(clip);
                execution.team().parallel(layer.outputs(), depthwise);
                pointwise.run(clip);
                if (shortcut != null) {
                    shortcut.run(clip);
                }
                execution.team().parallel(layer.outputs(), add);
                write.run(clip);
            }
        }

        /** ReLU of a channel of A in place, and its convolution by itself to B. */
        private void depthwise(int c, int worker) {
            float[] x = PortableMemory.values(scratch);
            int from = a + c * frames * bands;
            int to = b + c * frames * bands;
            for (int i = 0; i < frames * bands; i++) {
                x[from + i] = Math.max(x[from + i], 0f);
                x[to + i] = 0f;
            }
            float[] weight = layer.depthwise().values();
            for (int t = 0; t < frames; t++) {
                for (int tap = 0; tap < KERNEL * KERNEL; tap++) {
                    int source = t + tap / KERNEL - 1;
                    if (source >= 0 && source < frames) {
                        float w = weight[c * KERNEL * KERNEL + tap];
                        addShifted(x, from + source * bands, to + t * bands, tap % KERNEL - 1, w);
                    }
                }
            }
        }

        /** Adds one tap's part of one frame; beyond the edges there are zeros. */
        private void addShifted(float[] x, int from, int to, int shift, float weight) {
            int end = Math.min(bands, bands - shift);
            for (int f = Math.max(0, -shift); f < end; f++) {
                x[to + f] += weight * x[from + f + shift];
            }
        }

        /** {@code A <- ReLU(A + shortcut)} of a channel. */
        private void add(int c, int worker) {
            float[] y = PortableMemory.values(scratch);
            boolean identity = shortcut == null;
            float[] x = identity ? PortableMemory.values(input) : y;
            int step = identity ? layer.inputs() : 1;
            int plane = frames * bands;
            int from = identity ? PortableMemory.offset(input) + clip * plane * step + c : b + c * plane;
            int to = a + c * plane;
            for (int p = 0; p < plane; p++) {
                y[to + p] = Math.max(y[to + p] + x[from + p * step], 0f);
            }
        }
    }
}
