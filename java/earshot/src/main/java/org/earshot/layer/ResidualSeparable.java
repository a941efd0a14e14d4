package org.earshot.layer;

import java.util.List;

/**
 * MobileASCNet's block (tools/reference/spec/models.md, "MobileASCNet", step 1), all batch norms folded into the maps
 * before them:
 *
 * <pre>
 * z = ReLU(convolution(x))                         [B, T, F, O], 3x3 with padding 1
 * z = pointwise(depthwise(z))                      depthwise 3x3 with padding 1, each channel by itself, without bias
 * z = ReLU(z + shortcut(x))                        the shortcut is a map of channels, or the identity
 * </pre>
 *
 * and then the averages of 2x2 values, an odd last frame or band being dropped. Input {@code [B, T, F, I]}, output
 * {@code [B, T / 2, F / 2, O]}. A batch norm counts as it was trained: 2 O {@link #parameters}, of which a bias is what
 * folding leaves.
 *
 * @param convolution I to O channels, keeps T and F
 * @param depthwise {@code [O, 1, 3, 3]}
 * @param pointwise {@code O -> O}
 * @param shortcut {@code I -> O}, or null for the identity, for which I = O
 */
public record ResidualSeparable(Convolution convolution, Parameter depthwise, Linear pointwise, Linear shortcut)
        implements Layer {
    /** Checks the shapes. */
    public ResidualSeparable {
        int outputs = convolution.outputs();
        convolution.requireSame();
        depthwise.require("depthwise weight", outputs, 1, 3, 3);
        pointwise.require("pointwise", outputs, outputs, Activation.NONE);
        if (shortcut != null) {
            shortcut.require("shortcut", outputs, convolution.inputs(), Activation.NONE);
        } else if (convolution.inputs() != outputs) {
            throw new IllegalArgumentException("shortcut: none, with " + convolution.inputs() + " channels in and "
                    + outputs + " out; expected one");
        }
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

    @Override
    public String kind() {
        return "residual separable block";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Shapes.halved(kind(), convolution.outputShape(Shapes.single(kind(), inputs, 4)));
    }

    @Override
    public long parameters() {
        long perBatchNorm = 2L * outputs();
        long count = convolution.weight().shape().elements() + perBatchNorm;
        count += depthwise.shape().elements() + pointwise.weight().shape().elements() + perBatchNorm;
        return shortcut == null ? count : count + shortcut.weight().shape().elements() + perBatchNorm;
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        long positions = inputs.get(0).elements() / inputs();
        long perPosition =
                depthwise.shape().elements() + pointwise.weight().shape().elements();
        if (shortcut != null) {
            perPosition += shortcut.weight().shape().elements();
        }
        return convolution.multiplyAdds(inputs.get(0)) + positions * perPosition;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.residualSeparable(this);
    }
}
