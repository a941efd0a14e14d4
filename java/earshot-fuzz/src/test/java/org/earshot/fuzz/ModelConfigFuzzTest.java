package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.earshot.model.ModelConfig;

/** Configurations of models. */
class ModelConfigFuzzTest {
    @FuzzTest
    void read(byte[] data) {
        FuzzFile.read(data, "config.json", ModelConfig::read);
    }
}
