package org.earshot.benchmarks;

import java.nio.file.Path;
import java.util.Map;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;

/** The directory that {@code python -m earshot_reference peers} wrote. */
final class BenchmarkModel {
    /** System property that names the directory. */
    static final String PROPERTY = "earshot.benchmarks.model";

    private BenchmarkModel() {}

    static Path file(String name) {
        String directory = System.getProperty(PROPERTY);
        if (directory == null) {
            throw new IllegalStateException("-D" + PROPERTY + " is not set; tools/bench sets it");
        }
        return Path.of(directory, name);
    }

    static ModelDirectory read() {
        return ModelDirectory.read(file(""), null, KeyMap.identity());
    }

    static Map<String, WeightTensor> tensors(String name) {
        return Safetensors.read(file(name)).tensors();
    }
}
