package org.earshot.layer;

import java.util.List;

/**
 * Gated fusion of sound and context (MobileASCNet, step 4; a highway layer, Srivastava et al., 2015, with a carry gate
 * of its own): {@code y = x * (1 - sigmoid(carryGate x)) + (transform x) * sigmoid(transformGate x)}. Input and output
 * {@code [B, W]}.
 *
 * @param carryGate {@code W -> W}
 * @param transformGate {@code W -> W}
 * @param transform {@code W -> W}
 */
public record GatedFusion(Linear carryGate, Linear transformGate, Linear transform) implements Layer {
    /** Checks the shapes. */
    public GatedFusion {
        int width = carryGate.inputs();
        carryGate.require("carry_gate", width, width, Activation.NONE);
        transformGate.require("transform_gate", width, width, Activation.NONE);
        transform.require("transform", width, width, Activation.NONE);
    }

    /**
     * Width of the vector.
     *
     * @return W
     */
    public int width() {
        return carryGate.inputs();
    }

    @Override
    public String kind() {
        return "gated fusion";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 2);
        Shapes.requireExtent(kind(), input, -1, width());
        return input;
    }

    @Override
    public long parameters() {
        return carryGate.parameters() + transformGate.parameters() + transform.parameters();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        return carryGate.multiplyAdds(inputs) + transformGate.multiplyAdds(inputs) + transform.multiplyAdds(inputs);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.gatedFusion(this);
    }
}
