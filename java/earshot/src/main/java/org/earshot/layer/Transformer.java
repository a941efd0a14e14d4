package org.earshot.layer;

import java.util.List;

/**
 * One encoder layer of a Transformer over the N tokens of a clip, as PyTorch's {@code TransformerEncoderLayer} computes
 * it by default, with the norms behind the residual sums (SE-Trans, step 4; Vaswani et al., "Attention is all you
 * need", 2017):
 *
 * <pre>
 * (q, k, v) = split(inProjection x)                [3C, C], q first; each split into heads of C / heads channels
 * a         = softmax(q k^T / sqrt(C / heads)) v   per head, over the tokens of one clip; heads side by side
 * x         = norm1(x + outProjection a)
 * y         = norm2(x + linear2 ReLU(linear1 x))
 * </pre>
 *
 * Input and output {@code [B, N, 1, C]}.
 *
 * @param heads divides C
 * @param inProjection {@code C -> 3C}
 * @param outProjection {@code C -> C}
 * @param linear1 {@code C -> H}, with ReLU
 * @param linear2 {@code H -> C}
 * @param norm1 behind the attention
 * @param norm2 behind the feed-forward part
 */
public record Transformer(
        int heads,
        Linear inProjection,
        Linear outProjection,
        Linear linear1,
        Linear linear2,
        LayerNorm norm1,
        LayerNorm norm2)
        implements Layer {
    /** Checks the shapes. */
    public Transformer {
        int width = inProjection.inputs();
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("heads: " + heads + "; expected a divisor of the width, " + width);
        }
        inProjection.require("in_proj", 3 * width, width, Activation.NONE);
        outProjection.require("out_proj", width, width, Activation.NONE);
        linear1.require("linear1", linear1.outputs(), width, Activation.RELU);
        linear2.require("linear2", width, linear1.outputs(), Activation.NONE);
        norm1.scale().require("norm1.weight", width);
        norm2.scale().require("norm2.weight", width);
    }

    /**
     * Width of a token.
     *
     * @return C
     */
    public int width() {
        return inProjection.inputs();
    }

    /**
     * Width inside the feed-forward part.
     *
     * @return H
     */
    public int hidden() {
        return linear1.outputs();
    }

    @Override
    public String kind() {
        return "transformer layer";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 4);
        Shapes.requireExtent(kind(), input, -1, width());
        Shapes.requireExtent(kind(), input, 2, 1);
        return input;
    }

    @Override
    public long parameters() {
        return inProjection.parameters()
                + outProjection.parameters()
                + linear1.parameters()
                + linear2.parameters()
                + norm1.parameters()
                + norm2.parameters();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        long tokens = (long) inputs.get(0).extent(0) * inputs.get(0).extent(1);
        long products = 0;
        for (Linear linear : List.of(inProjection, outProjection, linear1, linear2)) {
            products += linear.weight().shape().elements();
        }
        long attention = 2L * inputs.get(0).extent(1) * width();
        return tokens * (products + attention);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.transformer(this);
    }
}
