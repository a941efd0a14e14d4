package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Recordings that the library itself decodes. */
class WavFuzzTest {
    @FuzzTest
    void read(byte[] data) {
        Sound.decode(data, "a.wav");
    }
}
