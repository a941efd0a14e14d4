package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.GatedFusion;

/** {@code y = x * (1 - sigmoid(carryGate x)) + (transform x) * sigmoid(transformGate x)}: a few thousand products. */
final class GatedFusionOperation extends PortableOperation {
    private final GatedFusion layer;

    GatedFusionOperation(GatedFusion layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        int width = layer.width();
        float[] carry = new float[width];
        float[] gate = new float[width];
        float[] transformed = new float[width];
        return () -> {
            float[] x = PortableMemory.values(input);
            float[] y = PortableMemory.values(output);
            for (int b = 0; b < output.shape().extent(0); b++) {
                int from = PortableMemory.offset(input) + b * width;
                int to = PortableMemory.offset(output) + b * width;
                LinearOperation.apply(layer.carryGate(), x, from, carry, 0);
                LinearOperation.apply(layer.transformGate(), x, from, gate, 0);
                LinearOperation.apply(layer.transform(), x, from, transformed, 0);
                for (int i = 0; i < width; i++) {
                    y[to + i] = x[from + i] * (1 - Elementwise.sigmoid(carry[i]))
                            + transformed[i] * Elementwise.sigmoid(gate[i]);
                }
            }
        };
    }
}
