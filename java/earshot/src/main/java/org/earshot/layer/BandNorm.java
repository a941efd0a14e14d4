package org.earshot.layer;

import java.util.List;

/**
 * An affine map of each mel band, {@code y[t, f] = x[t, f] * scale[f] + shift[f]}: SE-Trans' batch norm over the bands
 * ({@code bn0}) with its running statistics folded in. Input and output {@code [B, T, F, 1]}.
 *
 * @param scale {@code [F]}
 * @param shift {@code [F]}
 */
public record BandNorm(Parameter scale, Parameter shift) implements Layer {
    /** Checks the shapes. */
    public BandNorm {
        scale.require("scale", scale.extent(0));
        shift.require("shift", scale.extent(0));
    }

    /**
     * Number of bands.
     *
     * @return F
     */
    public int bands() {
        return scale.extent(0);
    }

    @Override
    public String kind() {
        return "band norm";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 4);
        Shapes.requireExtent(kind(), input, 2, bands());
        Shapes.requireExtent(kind(), input, 3, 1);
        return input;
    }

    @Override
    public long parameters() {
        return 2L * bands();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        return inputs.get(0).elements();
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.bandNorm(this);
    }
}
