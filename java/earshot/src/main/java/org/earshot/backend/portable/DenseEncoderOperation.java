package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Shape;

/**
 * The dense encoder, clip by clip. Every layer's output is a set of C planes {@code [C][T * F]} of its own in the
 * scratch memory; the concatenation that a layer reads is a list of plane addresses, newest first.
 */
final class DenseEncoderOperation extends PortableOperation {
    private final DenseEncoder layer;
    private final List<NormalizedConvolution> layers;
    private final float epsilon;

    DenseEncoderOperation(DenseEncoder layer, float epsilon) {
        super(layer);
        this.epsilon = epsilon;
        this.layer = layer;
        layers = new ArrayList<>(layer.block());
        layers.add(0, layer.first());
        layers.add(layer.last());
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        Shape input = inputs.get(0);
        Shape output = layer.outputShape(inputs);
        Shape wide = layer.first().convolution().outputShape(input);
        int clips = Math.max(1, input.extent(0));
        return (layers.size() - 1) * (wide.elements() / clips) + output.elements() / clips;
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
        private final List<Stage> stages = new ArrayList<>();
        private final ChannelsLast transpose;

        Run(PortableExecution execution, View input, View output, View scratch) {
            this.execution = execution;
            this.scratch = scratch;
            clips = input.shape().extent(0);
            Shape shape = input.shape();
            int offset = PortableMemory.offset(scratch);
            List<Integer> newestFirst = new ArrayList<>();
            for (int i = 0; i < layers.size(); i++) {
                boolean first = i == 0;
                boolean last = i == layers.size() - 1;
                Shape in = shape;
                Convolution convolution = layers.get(i).convolution();
                shape = convolution.outputShape(
                        Shape.of(in.extent(0), in.extent(1), in.extent(2), convolution.inputs()));
                int plane = in.extent(1) * in.extent(2);
                List<Integer> channels = new ArrayList<>();
                for (int c = 0; c < convolution.inputs(); c++) {
                    int width = layer.channels();
                    channels.add(
                            first ? PortableMemory.offset(input) + c : newestFirst.get(c / width) + c % width * plane);
                }
                View source = first ? input : scratch;
                TiledConvolution.Planes planes = new TiledConvolution.Planes(
                        source, channels, first ? channels.size() : 1, in.extent(1), in.extent(2));
                int clipStride = first ? plane * channels.size() : 0;
                stages.add(new Stage(layers.get(i), planes, clipStride, shape, offset));
                if (!last) {
                    newestFirst.add(0, offset);
                }
                offset += shape.extent(1) * shape.extent(2) * shape.extent(3);
            }
            int last = stages.get(stages.size() - 1).offset;
            transpose = new ChannelsLast(execution, scratch, last, shape, output, false);
        }

        void run() {
            for (int b = 0; b < clips; b++) {
                for (Stage stage : stages) {
                    stage.run(b);
                }
                transpose.run(b);
            }
        }

        /** Convolution, norm and PReLU of one layer. */
        private final class Stage {
            final NormalizedConvolution weights;
            final PlanarConvolution convolution;
            final int plane;
            final int offset;
            final Team.Task normalize = this::normalize;

            Stage(
                    NormalizedConvolution weights,
                    TiledConvolution.Planes planes,
                    int clipStride,
                    Shape out,
                    int offset) {
                this.weights = weights;
                this.plane = out.extent(1) * out.extent(2);
                this.offset = offset;
                convolution = new PlanarConvolution(
                        execution, weights.convolution(), planes, clipStride, out, scratch, offset);
            }

            void run(int b) {
                convolution.run(b);
                execution.team().parallel(weights.convolution().outputs(), normalize);
            }

            private void normalize(int c, int worker) {
                InstanceNorm.apply(weights, c, epsilon, PortableMemory.values(scratch), offset + c * plane, plane);
            }
        }
    }
}
