package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The agreement with librosa that tools/reference/spec/features.md asks for. */
final class Decibels {
    /** 0.01 dB is 0.23 % of a magnitude, 0.001 dB is 0.023 %: what a listener or a network cannot tell apart. */
    private static final double LARGEST = 0.01;

    private static final double MEAN = 1e-3;

    private Decibels() {}

    /**
     * Compares all values, clamped ones too: a clamp moves with the clip's loudest value, so it agrees as that does.
     */
    static void assertAgree(float[] expected, float[] actual, String name) {
        assertEquals(expected.length, actual.length, name + ": number of values");
        double largest = 0;
        double sum = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            // Not Math.max on purpose: a NaN must not pass as small.
            assertTrue(difference <= LARGEST, name + " at " + i + ": " + actual[i] + ", librosa " + expected[i]);
            largest = Math.max(largest, difference);
            sum += difference;
        }
        assertTrue(sum / expected.length <= MEAN, name + ": mean difference " + sum / expected.length + " dB");
    }
}
