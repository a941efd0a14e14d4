package org.earshot.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.model.ModelDirectory;
import org.earshot.parity.Parity;
import org.earshot.parity.ParityOptions;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.earshot.weights.KeyMap;

/** The golden files of a model directory on the backends of this machine. */
final class ParityRuns {
    private final Path directory;
    private final ModelDirectory model;
    private final ParityOptions options;

    ParityRuns(Path directory, Tolerances tolerances, boolean isolated) {
        this.directory = directory;
        model = ModelDirectory.read(directory, null, KeyMap.identity());
        options = new ParityOptions(Precision.FLOAT32, isolated, tolerances, true);
    }

    /** The backends of some names, or all if there are none. */
    static List<Backends.Status> backends(String... names) {
        List<String> wanted = List.of(names);
        List<Backends.Status> statuses = new ArrayList<>();
        for (Backends.Status status : Backends.status()) {
            if (wanted.isEmpty() || wanted.contains(status.name())) {
                statuses.add(status);
            }
        }
        for (String name : wanted) {
            if (statuses.stream().noneMatch(status -> status.name().equals(name))) {
                throw new IllegalArgumentException(
                        "backends: found \"" + name + "\"; expected some of " + Backends.names());
            }
        }
        return statuses;
    }

    List<Path> goldens() {
        return Parity.goldens(directory);
    }

    ParityResult check(Path golden, String backend) {
        Backend started = Backends.start(backend, Backends.defaultThreads());
        return Parity.check(model, golden, started, options);
    }
}
