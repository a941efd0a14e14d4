package org.earshot.server.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.SceneClassifier;
import org.earshot.error.ModelException;
import org.junit.jupiter.api.Test;

class ModelRepositoryTest {
    private static final Path MODEL = Path.of("..", "..", "tools", "demo-model");

    /** Whatever one fails of: the others' new files are there too. */
    @Test
    void aModelThatCannotBeLoadedAnewKeepsNoOtherFromIt() {
        ModelSource bad = new ModelSource("bad", MODEL);
        ModelSource good = new ModelSource("good", MODEL.resolve("."));
        Map<Path, Throwable> trouble = new HashMap<>();
        List<Path> loaded = new ArrayList<>();
        ModelRepository repository = new ModelRepository(List.of(bad, good), directory -> {
            loaded.add(directory);
            Throwable thrown = trouble.get(directory);
            if (thrown instanceof RuntimeException e) {
                throw e;
            } else if (thrown instanceof Error e) {
                throw e;
            }
            return SceneClassifier.builder(directory);
        });
        try {
            Throwable[] all = {
                new ModelException(MODEL, "a", "b"), new IllegalArgumentException("c"), new OutOfMemoryError("d")
            };
            for (Throwable each : all) {
                trouble.put(bad.directory(), each);
                loaded.clear();
                repository.loadAll();
                assertEquals(List.of(bad.directory(), good.directory()), loaded);
                assertEquals("1", repository.model("bad").version("").version(), "the one before goes on");
            }
            trouble.put(bad.directory(), all[1]);
            RequestException told = assertThrows(RequestException.class, () -> repository.load("bad"));
            assertEquals(Problem.INTERNAL, told.problem());
            assertEquals(
                    "model bad: found one that cannot be loaded; the one before goes on, and the server's log says why",
                    told.getMessage());
        } finally {
            repository.close();
        }
    }
}
