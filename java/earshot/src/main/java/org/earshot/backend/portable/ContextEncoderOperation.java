package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.ContextEncoder;

/** {@code [embedding(location); ReLU(M time + m)]}, and its projection if there is one. */
final class ContextEncoderOperation extends PortableOperation {
    private final ContextEncoder layer;

    ContextEncoderOperation(ContextEncoder layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View location = inputs.get(0);
        View time = inputs.get(1);
        float[] joined = new float[layer.joined()];
        return () -> {
            for (int b = 0; b < output.shape().extent(0); b++) {
                encode(location, time, b, joined, output);
            }
        };
    }

    private void encode(View location, View time, int b, float[] joined, View output) {
        int rows = layer.locationTable().extent(0);
        int width = layer.locationTable().extent(1);
        float city = PortableMemory.values(location)[PortableMemory.offset(location) + b];
        int row = (int) city;
        if (row != city || row < 0 || row >= rows) {
            throw new IllegalArgumentException("location " + city + "; expected an integer from 0 to " + (rows - 1));
        }
        System.arraycopy(layer.locationTable().values(), row * width, joined, 0, width);
        LinearOperation.apply(
                layer.timeMapping(),
                PortableMemory.values(time),
                PortableMemory.offset(time) + b * layer.timeMapping().inputs(),
                joined,
                width);
        float[] to = PortableMemory.values(output);
        int offset = PortableMemory.offset(output) + b * layer.outputs();
        if (layer.projection() == null) {
            System.arraycopy(joined, 0, to, offset, joined.length);
        } else {
            LinearOperation.apply(layer.projection(), joined, 0, to, offset);
        }
    }
}
