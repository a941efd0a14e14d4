package org.earshot.features;

import java.nio.file.Path;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/** Reference values for the tests here, by name. */
record Tensors(Weights file) {
    static Tensors read(Path path) {
        return new Tensors(Safetensors.read(path));
    }

    float[] get(String name) {
        WeightTensor tensor = file.tensors().get(name);
        if (tensor == null) {
            throw new AssertionError("no " + name + " in " + file.source());
        }
        return tensor.floats();
    }
}
