package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Feature caches: what is found in one, and what is written to it then. */
class FeatureCacheFuzzTest {
    private static final Path RECORDING = Path.of("../earshot/src/test/resources/audio/wav-pcm_16.wav");
    private static final FeatureParameters PARAMETERS =
            new FeatureParameters(44_100, 64, 64, 32, 8, 50, 22_050, 4, PadMode.CONSTANT, 80);

    @TempDir
    static Path temporary;

    private static Dataset set;

    @BeforeAll
    static void set() throws IOException {
        Files.write(temporary.resolve("clip.wav"), Files.readAllBytes(RECORDING));
        Path metadata = Files.writeString(
                temporary.resolve("metadata.csv"), "filename,location,record_time,scene_label\nclip.wav,,,\n");
        set = Dataset.open(metadata, temporary);
    }

    @FuzzTest
    void read(byte[] data) {
        FuzzFile.read(data, "cache.safetensors", file -> {
            try (FeatureCache cache = FeatureCache.open(set, PARAMETERS, file, 1, (done, total) -> {})) {
                cache.read(0, new float[PARAMETERS.frames() * PARAMETERS.melBands()]);
            }
        });
    }
}
