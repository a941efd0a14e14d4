package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Path;
import org.earshot.weights.KeyMap;
import org.earshot.weights.WeightFiles;

/** Key maps, read and applied. */
class KeyMapFuzzTest {
    private static final Path WEIGHTS = Path.of("../earshot/src/test/resources/weights/parameters.safetensors");

    @FuzzTest
    void read(byte[] data) {
        FuzzFile.read(data, "a.json", file -> KeyMap.read(file).apply(WeightFiles.read(WEIGHTS)));
    }
}
