package org.earshot.layer;

import java.util.List;

/**
 * Adaptive average pooling to N tokens over time and one over frequency (SE-Trans, step 3): token i is the mean over
 * all bands and the frames of {@link AdaptiveBins bin} i. Input {@code [B, T, F, C]}, output {@code [B, N, 1, C]}.
 *
 * @param channels C
 * @param tokens N
 */
public record TokenPool(int channels, int tokens) implements Layer {
    /** Checks the number. */
    public TokenPool {
        if (tokens < 1) {
            throw new IllegalArgumentException("tokens: " + tokens + "; expected at least 1");
        }
    }

    @Override
    public String kind() {
        return "token pool";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 4);
        Shapes.requireExtent(kind(), input, -1, channels);
        if (input.extent(1) < 1 || input.extent(2) < 1) {
            throw new IllegalArgumentException(kind() + ": input " + input + "; expected at least 1 frame and 1 band");
        }
        return Shape.of(input.extent(0), tokens, 1, channels);
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
        return visitor.tokenPool(this);
    }
}
