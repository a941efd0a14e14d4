package org.earshot.weights;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Weights as the readers hand them out: immutable, in the file's order. */
record LoadedWeights(Path source, Map<String, WeightTensor> tensors, List<String> leftOut) implements Weights {
    LoadedWeights {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        leftOut = List.copyOf(leftOut);
    }

    @Override
    public String toString() {
        return "Weights[" + source + ", " + tensors.size() + " tensors]";
    }
}
