package org.earshot.layer;

import java.util.List;

/**
 * A convolution whose channels are weighed by what the whole clip holds (SE-Trans; squeeze-and-excitation: Hu, Shen and
 * Sun, 2018; several scales: the improved SE-Trans):
 *
 * <pre>
 * z    = convolution(x)                            [B, T, F, O], 3x3 with padding 1, batch norm folded in
 * s    = [pool_k(z) for k in scales]               adaptive averages ({@link AdaptiveBins}) to k x k, each flattened
 *                                                  channel by channel, in a channel row by row: S = sum of O k^2
 * gate = sigmoid(fc2 ReLU(fc0 s))                  [B, O], no biases
 * y    = ReLU(z * gate)
 * </pre>
 *
 * and, if {@code pooled}, the averages of 2x2 values of y, an odd last frame or band being dropped. Input {@code [B, T,
 * F, I]}, output {@code [B, T, F, O]} or {@code [B, T / 2, F / 2, O]}. The batch norm behind the convolution counts as
 * it was trained: 2 O {@link #parameters}, of which the bias is what folding leaves.
 *
 * @param convolution keeps T and F
 * @param fc0 {@code [H, S]}
 * @param fc2 {@code [O, H]}
 * @param scales the k, at least one
 * @param pooled whether an average pooling 2x2 follows
 */
public record SqueezeExcitation(
        Convolution convolution, Parameter fc0, Parameter fc2, List<Integer> scales, boolean pooled) implements Layer {
    /** Checks the shapes. */
    public SqueezeExcitation {
        scales = List.copyOf(scales);
        if (scales.isEmpty() || scales.stream().anyMatch(scale -> scale < 1)) {
            throw new IllegalArgumentException("scales: " + scales + "; expected at least one, each at least 1");
        }
        convolution.requireSame();
        fc0.require("fc.0 weight", fc0.extent(0), squeezed(convolution.outputs(), scales));
        fc2.require("fc.2 weight", convolution.outputs(), fc0.extent(0));
    }

    /**
     * Numbers that the squeeze makes of a clip.
     *
     * @param channels O
     * @param scales the k
     * @return S, the sum of O k^2
     */
    public static int squeezed(int channels, List<Integer> scales) {
        int sum = 0;
        for (int scale : scales) {
            sum = Math.addExact(sum, Math.multiplyExact(channels, Math.multiplyExact(scale, scale)));
        }
        return sum;
    }

    /**
     * Channels of the input.
     *
     * @return I
     */
    public int inputs() {
        return convolution.inputs();
    }

    /**
     * Channels of the output.
     *
     * @return O
     */
    public int outputs() {
        return convolution.outputs();
    }

    /**
     * Width between the two linear maps of the gate.
     *
     * @return H
     */
    public int hidden() {
        return fc0.extent(0);
    }

    @Override
    public String kind() {
        return "squeeze-and-excitation";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape convolved = convolution.outputShape(Shapes.single(kind(), inputs, 4));
        return pooled ? Shapes.halved(kind(), convolved) : convolved;
    }

    @Override
    public long parameters() {
        long batchNorm = 2L * outputs();
        long convolved = convolution.weight().shape().elements() + batchNorm;
        return convolved + fc0.shape().elements() + fc2.shape().elements();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        long gates = fc0.shape().elements() + fc2.shape().elements();
        return convolution.multiplyAdds(inputs.get(0)) + inputs.get(0).extent(0) * gates;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.squeezeExcitation(this);
    }
}
