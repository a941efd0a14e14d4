package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Comparison of a filter bank with librosa's dense one. */
final class MelFilterBankTest {
    private MelFilterBankTest() {}

    /**
     * Agreement to the last bit of float32, beside an edge to what float64 leaves of the difference of two frequencies:
     * a few times the spacing of the highest frequency, times the slope of a triangle of height h and width 2/h, h².
     */
    static void assertSame(float[] expected, MelFilterBank filters, double highestFrequency) {
        float highest = 0;
        for (float weight : expected) {
            highest = Math.max(highest, weight);
        }
        double edge = 8 * Math.ulp(highestFrequency) * highest * highest;
        int bins = expected.length / filters.bands();
        for (int i = 0; i < expected.length; i++) {
            int band = i / bins;
            int bin = i % bins;
            double tolerance = edge + Math.ulp(expected[i]);
            assertEquals(expected[i], filters.weight(band, bin), tolerance, "band " + band + ", bin " + bin);
        }
    }
}
