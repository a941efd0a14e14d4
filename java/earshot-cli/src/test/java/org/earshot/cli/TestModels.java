package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Makes model directories for tests from the small golden model. */
public final class TestModels {
    private TestModels() {}

    /** A copy whose configuration has one text replaced. */
    public static Path variant(Path directory, String from, String to) throws IOException {
        return variant(CommandRun.SMALL, directory, from, to);
    }

    private static Path variant(Path golden, Path directory, String from, String to) throws IOException {
        Files.createDirectories(directory);
        for (String file : List.of("config.json", "model.safetensors", "golden.safetensors")) {
            Files.copy(golden.resolve(file), directory.resolve(file));
        }
        String config = Files.readString(directory.resolve("config.json"));
        assertTrue(config.contains(from));
        Files.writeString(directory.resolve("config.json"), config.replace(from, to));
        return directory;
    }

    /** A copy whose clips have 50 frames, which take little time. */
    public static Path quick(Path directory) throws IOException {
        return quick(CommandRun.SMALL, directory);
    }

    /** Likewise of another golden model. */
    public static Path quick(Path golden, Path directory) throws IOException {
        return variant(golden, directory, "\"frames\": 500", "\"frames\": 50");
    }
}
