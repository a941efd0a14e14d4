package org.earshot.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import org.earshot.layer.Parameter;

/** A layer's parameters one after the other, as the native side takes them. */
final class FlatWeights {
    private final List<Parameter> parameters = new ArrayList<>();

    void add(Parameter parameter) {
        parameters.add(parameter);
    }

    int count() {
        long count = 0;
        for (Parameter parameter : parameters) {
            count += parameter.shape().elements();
        }
        return Math.toIntExact(count);
    }

    float[] values() {
        float[] values = new float[count()];
        int position = 0;
        for (Parameter parameter : parameters) {
            float[] part = parameter.values();
            System.arraycopy(part, 0, values, position, part.length);
            position += part.length;
        }
        return values;
    }
}
