package org.earshot.layer;

import java.util.List;

/**
 * Linear layer: {@code y = activation(x W^T + b)}. Input {@code [B, I]}, output {@code [B, O]}.
 *
 * @param weight {@code [O, I]}
 * @param bias {@code [O]}
 * @param activation what follows
 */
public record Linear(Parameter weight, Parameter bias, Activation activation) implements Layer {
    /** Checks the shapes. */
    public Linear {
        bias.require("bias", weight.extent(0));
    }

    /**
     * Width of the input.
     *
     * @return I
     */
    public int inputs() {
        return weight.extent(1);
    }

    /**
     * Width of the output.
     *
     * @return O
     */
    public int outputs() {
        return weight.extent(0);
    }

    /** Checks widths and activation, as {@link Parameter#require}. */
    void require(String name, int outputs, int inputs, Activation expected) {
        weight.require(name + " weight", outputs, inputs);
        if (activation != expected) {
            throw new IllegalArgumentException(name + ": activation " + activation + "; expected " + expected);
        }
    }

    @Override
    public String kind() {
        return "linear";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 2);
        Shapes.requireExtent(kind(), input, -1, inputs());
        return Shape.of(input.extent(0), outputs());
    }

    @Override
    public long parameters() {
        return weight.shape().elements() + bias.shape().elements();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        return inputs.get(0).extent(0) * weight.shape().elements();
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.linear(this);
    }
}
