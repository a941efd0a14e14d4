package org.earshot;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** The small ASCMamba of the golden files, changed as a test wants it, and something to classify. */
final class SmallModel {
    static final Path GOLDEN = Path.of("src/test/resources/golden");
    static final Path FOLDER = GOLDEN.resolve("ascmamba-small");
    static final int RATE = 44_100;

    private SmallModel() {}

    /** A copy whose configuration has one text replaced. */
    static Path variant(Path temporary, String from, String to) throws IOException {
        return variant(FOLDER, temporary, from, to);
    }

    /** A copy of any model, so changed. */
    static Path variant(Path model, Path temporary, String from, String to) throws IOException {
        Path copy = Files.createTempDirectory(temporary, "model");
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(model.resolve(file), copy.resolve(file));
        }
        String config = Files.readString(copy.resolve("config.json"));
        assertTrue(config.contains(from));
        Files.writeString(copy.resolve("config.json"), config.replace(from, to));
        return copy;
    }

    /** A copy with clips of 50 frames, which take little time. */
    static Path quick(Path temporary) throws IOException {
        return variant(temporary, "\"frames\": 500", "\"frames\": 50");
    }

    static float[] noise(double seconds, long seed) {
        Random random = new Random(seed);
        float[] pcm = new float[(int) (seconds * RATE)];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = (float) (0.1 * random.nextGaussian());
        }
        return pcm;
    }
}
