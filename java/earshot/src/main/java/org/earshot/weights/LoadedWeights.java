package org.earshot.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Weights as the readers hand them out: immutable, in the file's order. */
record LoadedWeights(Path source, Map<String, WeightTensor> tensors, List<String> leftOut, List<String> notes)
        implements Weights {
    LoadedWeights {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        leftOut = List.copyOf(leftOut);
        notes = List.copyOf(notes);
    }

    LoadedWeights(Path source, Map<String, WeightTensor> tensors, List<String> leftOut) {
        this(source, tensors, leftOut, List.of());
    }

    /** The same file with other names, and more to say about them. */
    static LoadedWeights renamed(
            Weights weights, Map<String, WeightTensor> tensors, List<String> leftOut, List<String> notes) {
        return new LoadedWeights(
                weights.source(), tensors, joined(weights.leftOut(), leftOut), joined(weights.notes(), notes));
    }

    private static List<String> joined(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    @Override
    public String toString() {
        return "Weights[" + source + ", " + tensors.size() + " tensors]";
    }
}
