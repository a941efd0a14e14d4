package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.layer.Activation;
import org.earshot.layer.AdaptiveBins;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;

/**
 * Convolution, squeeze-and-excitation, ReLU and pooling, clip by clip: the convolution writes planes into the scratch
 * memory, whose averages make the gates; then the planes are weighed in place and written out. Nearly all time is the
 * convolution's.
 */
final class SqueezeExcitationOperation extends PortableOperation {
    private final SqueezeExcitation layer;
    private final Linear reduce;
    private final Linear expand;

    SqueezeExcitationOperation(SqueezeExcitation layer) {
        super(layer);
        this.layer = layer;
        reduce = withoutBias(layer.fc0(), Activation.RELU);
        expand = withoutBias(layer.fc2(), Activation.NONE);
    }

    private static Linear withoutBias(Parameter weight, Activation activation) {
        int outputs = weight.extent(0);
        return new Linear(weight, new Parameter(Shape.of(outputs), new float[outputs]), activation);
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        Shape input = inputs.get(0);
        return (long) input.extent(1) * input.extent(2) * layer.outputs();
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        Run run = new Run(execution, inputs.get(0), output, scratch);
        return run::run;
    }

    /** The operation bound to its arguments. */
    private final class Run {
        private final PortableExecution execution;
        private final View scratch;
        private final int clips;
        private final int frames;
        private final int bands;
        private final PlanarConvolution convolution;
        private final ChannelsLast write;
        private final Team.Task squeeze = this::squeeze;
        private final Team.Task excite = this::excite;
        private final float[] squeezed = new float[reduce.inputs()];
        private final float[] hidden = new float[reduce.outputs()];
        private final float[] gates = new float[expand.outputs()];

        Run(PortableExecution execution, View input, View output, View scratch) {
            this.execution = execution;
            this.scratch = scratch;
            clips = input.shape().extent(0);
            frames = input.shape().extent(1);
            bands = input.shape().extent(2);
            int offset = PortableMemory.offset(scratch);
            convolution = PlanarConvolution.ofChannelsLast(execution, layer.convolution(), input, scratch, offset);
            Shape planes = layer.convolution().outputShape(input.shape());
            write = new ChannelsLast(execution, scratch, offset, planes, output, layer.pooled());
        }

        void run() {
            for (int b = 0; b < clips; b++) {
                convolution.run(b);
                execution.team().parallel(layer.outputs(), squeeze);
                LinearOperation.apply(reduce, squeezed, 0, hidden, 0);
                LinearOperation.apply(expand, hidden, 0, gates, 0);
                execution.team().parallel(layer.outputs(), excite);
                write.run(b);
            }
        }

        private int plane(int c) {
            return PortableMemory.offset(scratch) + c * frames * bands;
        }

        /** The averages of one channel, at all scales. */
        private void squeeze(int c, int worker) {
            int before = 0;
            for (int k : layer.scales()) {
                int to = before + c * k * k;
                for (int bin = 0; bin < k * k; bin++) {
                    squeezed[to + bin] = mean(c, k, bin / k, bin % k);
                }
                before += layer.outputs() * k * k;
            }
        }

        private float mean(int c, int k, int row, int column) {
            float[] x = PortableMemory.values(scratch);
            int firstFrame = AdaptiveBins.start(row, k, frames);
            int endFrame = AdaptiveBins.end(row, k, frames);
            int firstBand = AdaptiveBins.start(column, k, bands);
            int endBand = AdaptiveBins.end(column, k, bands);
            double sum = 0;
            for (int t = firstFrame; t < endFrame; t++) {
                for (int f = firstBand; f < endBand; f++) {
                    sum += x[plane(c) + t * bands + f];
                }
            }
            return (float) (sum / ((double) (endFrame - firstFrame) * (endBand - firstBand)));
        }

        private void excite(int c, int worker) {
            float[] x = PortableMemory.values(scratch);
            float gate = Elementwise.sigmoid(gates[c]);
            for (int i = plane(c); i < plane(c) + frames * bands; i++) {
                x[i] = Math.max(x[i] * gate, 0f);
            }
        }
    }
}
