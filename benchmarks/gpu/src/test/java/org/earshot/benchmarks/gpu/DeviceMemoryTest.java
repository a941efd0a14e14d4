package org.earshot.benchmarks.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Rounding to bfloat16, which has 7 explicit bits of fraction. */
class DeviceMemoryTest {
    private static float rounded(double value) {
        return DeviceMemory.fromBf16(DeviceMemory.toBf16((float) value));
    }

    @Test
    void roundsToNearestAndTiesToEven() {
        double step = 1.0 / 128;
        assertEquals(1, rounded(1));
        assertEquals(-1.5f, rounded(-1.5));
        assertEquals((float) (1 + step), rounded(1 + 0.75 * step));
        assertEquals(1, rounded(1 + 0.5 * step));
        assertEquals((float) (1 + 2 * step), rounded(1 + 1.5 * step));
        assertEquals(2, rounded(2 - 0.25 * step));
    }
}
