package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.Activation;
import org.earshot.layer.Linear;

/** {@code y = activation(x W^T + b)}: a few thousand multiply-adds a clip, so plain dot products by the caller. */
final class LinearOperation extends PortableOperation {
    private final Linear layer;

    LinearOperation(Linear layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        int rows = input.shape().extent(0);
        return () -> {
            for (int b = 0; b < rows; b++) {
                apply(
                        layer,
                        PortableMemory.values(input),
                        PortableMemory.offset(input) + b * layer.inputs(),
                        PortableMemory.values(output),
                        PortableMemory.offset(output) + b * layer.outputs());
            }
        };
    }

    /** Applies a linear layer to one vector. */
    static void apply(Linear layer, float[] x, int xOffset, float[] y, int yOffset) {
        float[] weight = layer.weight().values();
        float[] bias = layer.bias().values();
        int width = layer.inputs();
        for (int o = 0; o < layer.outputs(); o++) {
            float sum = bias[o];
            for (int i = 0; i < width; i++) {
                sum += weight[o * width + i] * x[xOffset + i];
            }
            y[yOffset + o] = layer.activation() == Activation.RELU ? Math.max(sum, 0f) : sum;
        }
    }
}
