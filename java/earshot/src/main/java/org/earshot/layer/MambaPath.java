package org.earshot.layer;

import java.util.List;

/**
 * One path of a dual-path block (tools/reference/spec/models.md, "Dual-path block"): {@code x + projection([forward(h);
 * backward(h)])} with {@code h = norm(x, c)}. Along {@link Axis#TIME} every band is a sequence of T positions, along
 * {@link Axis#FREQUENCY} every frame is one of F. {@code forward} layers run on the sequence, {@code backward} layers
 * on the reversed sequence, whose result is reversed back; the two are concatenated over channels, forward first.
 * Inputs: x {@code [B, T, F, C]} and, for a conditional norm only, the condition {@code [B, K]}; output as x.
 *
 * @param axis along which the sequences run
 * @param norm in front of both directions
 * @param forward at least one layer
 * @param backward as many layers as forward
 * @param projectionWeight {@code [2C, C]}, input first (a transposed convolution of width 1)
 * @param projectionBias {@code [C]}
 */
public record MambaPath(
        Axis axis,
        PreNorm norm,
        List<MambaLayer> forward,
        List<MambaLayer> backward,
        Parameter projectionWeight,
        Parameter projectionBias)
        implements Layer {
    /** The dimension that a sequence runs along. */
    public enum Axis {
        /** Sequences of T positions, one per clip and band. */
        TIME,
        /** Sequences of F positions, one per clip and frame. */
        FREQUENCY
    }

    /** Checks the widths. */
    public MambaPath {
        forward = List.copyOf(forward);
        backward = List.copyOf(backward);
        if (forward.isEmpty() || forward.size() != backward.size()) {
            throw new IllegalArgumentException("layers: " + forward.size() + " forward and " + backward.size()
                    + " backward; expected as many of each, at least one");
        }
        int channels = projectionBias.extent(0);
        projectionWeight.require("projection weight", 2 * channels, channels);
        for (List<MambaLayer> direction : List.of(forward, backward)) {
            for (MambaLayer layer : direction) {
                layer.norm().require("norm.weight", channels);
            }
        }
        if (norm instanceof LayerNorm plain) {
            plain.scale().require("norm weight", channels);
        } else if (norm instanceof PreNorm.Conditional conditional
                && conditional.gamma().outputs() != channels) {
            throw new IllegalArgumentException(
                    "gamma: " + conditional.gamma().outputs() + " values; expected " + channels);
        }
    }

    /**
     * Width of the sequence.
     *
     * @return C
     */
    public int channels() {
        return projectionBias.extent(0);
    }

    @Override
    public String kind() {
        return axis == Axis.TIME ? "Mamba path over time" : "Mamba path over frequency";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        boolean conditional = norm instanceof PreNorm.Conditional;
        Shapes.requireCount(kind(), inputs, conditional ? 2 : 1);
        Shape input = Shapes.requireRank(kind(), inputs.get(0), 4);
        Shapes.requireExtent(kind(), input, -1, channels());
        if (norm instanceof PreNorm.Conditional cln) {
            Shape condition = Shapes.requireRank(kind(), inputs.get(1), 2);
            Shapes.requireExtent(kind(), condition, 0, input.extent(0));
            Shapes.requireExtent(kind(), condition, -1, cln.conditionWidth());
        }
        return input;
    }

    @Override
    public long parameters() {
        long count = norm.parameters()
                + projectionWeight.shape().elements()
                + projectionBias.shape().elements();
        for (List<MambaLayer> direction : List.of(forward, backward)) {
            count += direction.stream().mapToLong(MambaLayer::parameters).sum();
        }
        return count;
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        long positions = inputs.get(0).elements() / channels();
        long perPosition = projectionWeight.shape().elements();
        for (List<MambaLayer> direction : List.of(forward, backward)) {
            perPosition += direction.stream()
                    .mapToLong(MambaLayer::multiplyAddsPerPosition)
                    .sum();
        }
        return positions * perPosition;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.mambaPath(this);
    }
}
