package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Recordings of all other formats. */
class FfmpegFuzzTest {
    @FuzzTest
    void read(byte[] data) {
        Sound.decode(data, "a");
    }
}
