package org.earshot.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.earshot.error.ModelException;
import org.earshot.model.ModelConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Score fusion by hand, and the superset map of the paper. */
class CoarseScenesTest {
    private static final Path TWO_STAGE = Path.of("src/test/resources/golden/se-trans-two-stage/config.json");
    private static final List<String> LABELS = List.of("indoor", "outdoor");

    @TempDir
    Path temporary;

    private Optional<CoarseScenes> read(String model, String labels) throws IOException {
        String config = Files.readString(TWO_STAGE).replaceAll("\\s*\n\\s*", "");
        int begin = config.indexOf("\"model\"");
        config = config.substring(0, begin) + "\"model\": " + model + "}";
        if (labels != null) {
            config = config.replaceAll("\"labels\": \\[[^]]*\\]", "\"labels\": " + labels);
        }
        Path file = temporary.resolve("config.json");
        Files.writeString(file, config);
        ModelConfig read = ModelConfig.read(file);
        return CoarseScenes.read(read.options().section(), read.labels(), true);
    }

    @Test
    void fusesByEquationTwo() throws IOException {
        CoarseScenes scenes = read(
                        "{\"coarse_labels\": [\"indoor\", \"outdoor\"],"
                                + " \"superset\": {\"a\": \"outdoor\", \"b\": \"indoor\", \"c\": \"outdoor\"}}",
                        "[\"a\", \"b\", \"c\"]")
                .orElseThrow();
        assertEquals(LABELS, scenes.labels());
        // 0.5 * 0.2, 0.3 * 0.8 and 0.2 * 0.2, divided by their sum, 0.38.
        assertArrayEquals(
                new float[] {0.1f / 0.38f, 0.24f / 0.38f, 0.04f / 0.38f},
                scenes.fuse(new float[] {0.5f, 0.3f, 0.2f}, new float[] {0.8f, 0.2f}),
                1e-6f);
        // The coarse head excludes all that the fine one allows: the fine one decides.
        assertArrayEquals(new float[] {1, 0, 0}, scenes.fuse(new float[] {1, 0, 0}, new float[] {1, 0}));
    }

    @Test
    void withoutAMapIndoorIsWhatThePaperLists() throws IOException {
        CoarseScenes scenes =
                read("{\"coarse_labels\": [\"indoor\", \"outdoor\"]}", null).orElseThrow();
        float[] even = new float[10];
        Arrays.fill(even, 0.1f);
        float[] fused = scenes.fuse(even, new float[] {1, 0});
        // Bus, Airport, Metro, Restaurant, Shopping mall, Public square, Urban park, Traffic street, ..., Bar.
        assertArrayEquals(new float[] {0.2f, 0, 0.2f, 0.2f, 0.2f, 0, 0, 0, 0, 0.2f}, fused, 1e-6f);
    }

    @Test
    void otherScenesNeedAMap() {
        ModelException e = assertThrows(
                ModelException.class,
                () -> read("{\"coarse_labels\": [\"indoor\", \"outdoor\"]}", "[\"Bus\", \"Library\"]"));
        assertTrue(e.getMessage().contains("model.superset: found no superset of \"Library\""), e.getMessage());
        e = assertThrows(ModelException.class, () -> read("{\"coarse_labels\": [\"inside\", \"outside\"]}", null));
        assertTrue(e.getMessage().contains("\"indoor\" as the superset of \"Bus\""), e.getMessage());
    }
}
