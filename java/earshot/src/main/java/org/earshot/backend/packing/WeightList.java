package org.earshot.backend.packing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;

/** The weights of one layer in the order in which they are packed. */
final class WeightList {
    private final List<Parameter> parameters = new ArrayList<>();

    WeightList add(Parameter... more) {
        parameters.addAll(Arrays.asList(more));
        return this;
    }

    WeightList add(Linear layer) {
        return add(layer.weight(), layer.bias());
    }

    WeightList add(LayerNorm layer) {
        return add(layer.scale(), layer.shift());
    }

    /** All of them, one behind the other. */
    float[] values() {
        long count = 0;
        for (Parameter parameter : parameters) {
            count += parameter.shape().elements();
        }
        float[] values = new float[Math.toIntExact(count)];
        int position = 0;
        for (Parameter parameter : parameters) {
            float[] part = parameter.values();
            System.arraycopy(part, 0, values, position, part.length);
            position += part.length;
        }
        return values;
    }
}
