package org.earshot.layer;

import java.util.List;

/**
 * The dense encoder of ASCMamba (tools/reference/spec/models.md, "DenseEncoder"): {@code first}, a 1x1 convolution to C
 * channels; a dense block of dilated convolutions, each reading all earlier outputs, newest first ({@code y_i =
 * conv_i(cat(y_{i-1}, ..., y_0, x))}), of which only the last is passed on; {@code last}, a (1, 3) convolution that
 * halves the bands. Input {@code [B, T, F, 1]}, output {@code [B, T, F', C]}.
 *
 * @param first 1 to C channels
 * @param block layer i takes C * (i + 1) channels to C and keeps T and F
 * @param last C to C channels
 */
public record DenseEncoder(NormalizedConvolution first, List<NormalizedConvolution> block, NormalizedConvolution last)
        implements Layer {
    /** Checks the widths. */
    public DenseEncoder {
        block = List.copyOf(block);
        int channels = first.convolution().outputs();
        for (int i = 0; i < block.size(); i++) {
            Convolution convolution = block.get(i).convolution();
            if (convolution.inputs() != channels * (i + 1) || convolution.outputs() != channels) {
                throw new IllegalArgumentException("dense block " + i + ": " + convolution.inputs() + " -> "
                        + convolution.outputs() + " channels; expected " + channels * (i + 1) + " -> " + channels);
            }
        }
        if (last.convolution().inputs() != channels) {
            throw new IllegalArgumentException(
                    "last convolution: " + last.convolution().inputs() + " channels in; expected " + channels);
        }
    }

    /**
     * Width of every layer.
     *
     * @return C
     */
    public int channels() {
        return first.convolution().outputs();
    }

    @Override
    public String kind() {
        return "dense encoder";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape shape = first.convolution().outputShape(Shapes.single(kind(), inputs, 4));
        for (NormalizedConvolution layer : block) {
            Shape input = Shape.of(
                    shape.extent(0),
                    shape.extent(1),
                    shape.extent(2),
                    layer.convolution().inputs());
            if (!layer.convolution().outputShape(input).equals(shape)) {
                throw new IllegalArgumentException(
                        kind() + ": a layer of the dense block changes " + shape + " to another size");
            }
        }
        return last.convolution().outputShape(shape);
    }

    @Override
    public long parameters() {
        return first.parameters()
                + last.parameters()
                + block.stream().mapToLong(NormalizedConvolution::parameters).sum();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        Shape shape = first.convolution().outputShape(inputs.get(0));
        long cost = first.convolution().multiplyAdds(inputs.get(0))
                + last.convolution().multiplyAdds(shape);
        for (NormalizedConvolution layer : block) {
            cost += shape.elements()
                    / channels()
                    * layer.convolution().weight().shape().elements();
        }
        return cost;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.denseEncoder(this);
    }
}
