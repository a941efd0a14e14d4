package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.Concatenation;

/** Copies two vectors side by side. */
final class ConcatenationOperation extends PortableOperation {
    private final Concatenation layer;

    ConcatenationOperation(Concatenation layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        return () -> {
            for (int b = 0; b < output.shape().extent(0); b++) {
                int to = PortableMemory.offset(output) + b * (layer.first() + layer.second());
                copy(inputs.get(0), b, layer.first(), output, to);
                copy(inputs.get(1), b, layer.second(), output, to + layer.first());
            }
        };
    }

    private static void copy(View from, int b, int width, View output, int to) {
        System.arraycopy(
                PortableMemory.values(from),
                PortableMemory.offset(from) + b * width,
                PortableMemory.values(output),
                to,
                width);
    }
}
