package org.earshot.layer;

import java.util.List;

/**
 * Mean or maximum over time and frequency: {@code [B, T, F, C]} to {@code [B, C]}, T and F at least 1.
 *
 * @param channels C
 * @param operation what is taken of the T * F values of a channel
 */
public record GlobalPool(int channels, Kind operation) implements Layer {
    /** What is taken of the values. */
    public enum Kind {
        /** Their mean. */
        MEAN,
        /** The largest. */
        MAX
    }

    @Override
    public String kind() {
        return operation == Kind.MEAN ? "global mean" : "global maximum";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 4);
        Shapes.requireExtent(kind(), input, -1, channels);
        return Shape.of(input.extent(0), input.extent(3));
    }

    @Override
    public long parameters() {
        return 0;
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        return inputs.get(0).elements();
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.globalPool(this);
    }
}
