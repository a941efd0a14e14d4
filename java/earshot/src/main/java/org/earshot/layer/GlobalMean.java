package org.earshot.layer;

import java.util.List;

/**
 * Mean over time and frequency: {@code [B, T, F, C]} to {@code [B, C]}, T and F at least 1.
 *
 * @param channels C
 */
public record GlobalMean(int channels) implements Layer {
    @Override
    public String kind() {
        return "global mean";
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
        return visitor.globalMean(this);
    }
}
