package org.earshot.layer;

import java.util.List;

/**
 * Two vectors side by side: {@code [B, I1]} and {@code [B, I2]} to {@code [B, I1 + I2]}.
 *
 * @param first I1
 * @param second I2
 */
public record Concatenation(int first, int second) implements Layer {
    @Override
    public String kind() {
        return "concatenation";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shapes.requireCount(kind(), inputs, 2);
        Shape one = Shapes.requireRank(kind(), inputs.get(0), 2);
        Shape two = Shapes.requireRank(kind(), inputs.get(1), 2);
        Shapes.requireExtent(kind(), one, -1, first);
        Shapes.requireExtent(kind(), two, -1, second);
        Shapes.requireExtent(kind(), two, 0, one.extent(0));
        return Shape.of(one.extent(0), first + second);
    }

    @Override
    public long parameters() {
        return 0;
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        return 0;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.concatenation(this);
    }
}
