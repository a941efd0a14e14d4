package org.earshot.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class FeaturePictureTest {
    /** Colours of matplotlib's viridis at 0, 51, 128, 204 and 255 of 255; interpolation is off by less than 4. */
    @Test
    void coloursAreThoseOfViridis() {
        int[][] samples = {{0, 0x440154}, {51, 0x414487}, {128, 0x21918C}, {204, 0x7AD151}, {255, 0xFDE725}};
        for (int[] sample : samples) {
            int colour = FeaturePicture.colour(sample[0] / 255f);
            for (int shift = 0; shift <= 16; shift += 8) {
                assertEquals(sample[1] >> shift & 0xFF, colour >> shift & 0xFF, 3);
            }
        }
        int before = -1;
        for (int i = 0; i <= 255; i++) {
            int colour = FeaturePicture.colour(i / 255f);
            int lightness = 2126 * (colour >> 16 & 0xFF) + 7152 * (colour >> 8 & 0xFF) + 722 * (colour & 0xFF);
            assertTrue(lightness >= before, "lightness falls at " + i);
            before = lightness;
        }
    }

    /** Three frames of two bands in two pixels: the first two frames are averaged, the last stands alone. */
    @Test
    void smallPictureAveragesNeighbours() {
        float[] values = {-10, 0, -30, -20, 0, -40};
        BufferedImage image = FeaturePicture.small(values, 3, 2, 2);

        assertEquals(2, image.getWidth());
        assertEquals(2, image.getHeight());
        // Low band below: (-10 - 30) / 2 = -20, then 0; high band above: (0 - 20) / 2 = -10, then -40.
        assertEquals(FeaturePicture.colour(128 / 255f), image.getRGB(0, 1) & 0xFFFFFF);
        assertEquals(FeaturePicture.colour(1), image.getRGB(1, 1) & 0xFFFFFF);
        assertEquals(FeaturePicture.colour(191 / 255f), image.getRGB(0, 0) & 0xFFFFFF);
        assertEquals(FeaturePicture.colour(0), image.getRGB(1, 0) & 0xFFFFFF);
    }

    @Test
    void valuesThatAreNoNumbersDoNotStopThePicture() {
        float[] values = {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 0};
        BufferedImage image = FeaturePicture.small(values, 2, 2, 10);

        assertEquals(2, image.getWidth());
    }
}
