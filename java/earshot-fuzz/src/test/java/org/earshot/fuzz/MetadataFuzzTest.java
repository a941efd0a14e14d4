package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.earshot.dataset.Metadata;

/** Tables of recordings. */
class MetadataFuzzTest {
    @FuzzTest
    void read(byte[] data) {
        FuzzFile.read(data, "a.csv", Metadata::read);
    }
}
