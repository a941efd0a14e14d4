package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Shape;

/** {@code y = x * scale[f] + shift[f]}; a task is one frame. Bound by memory. */
final class BandNormOperation extends PortableOperation {
    private final BandNorm layer;

    BandNormOperation(BandNorm layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        Shape shape = input.shape();
        int channels = shape.extent(3);
        int bands = layer.bands();
        Team.Task frame = (task, worker) -> {
            float[] x = PortableMemory.values(input);
            float[] y = PortableMemory.values(output);
            int from = PortableMemory.offset(input) + task * bands * channels;
            int to = PortableMemory.offset(output) + task * bands * channels;
            for (int i = 0; i < bands * channels; i++) {
                int f = i / channels;
                y[to + i] =
                        x[from + i] * layer.scale().values()[f] + layer.shift().values()[f];
            }
        };
        return () -> execution.team().parallel(shape.extent(0) * shape.extent(1), frame);
    }
}
