package org.earshot.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import javax.imageio.ImageIO;

/**
 * A log-mel as a picture: time to the right, low frequencies at the bottom, loudness as colour from the quietest value
 * (dark) to the loudest (bright).
 */
final class FeaturePicture {
    private static final int HEIGHT = 384;
    private static final int WIDTH = 1000;
    private static final int WIDEST_FRAME = 16;
    private static final int WIDEST_PICTURE = 1 << 15;

    /**
     * Eleven evenly spaced colours of viridis (Smith and van der Walt, matplotlib 2015), whose lightness rises evenly;
     * the colours between are interpolated.
     */
    private static final int[] VIRIDIS = {
        0x440154, 0x482475, 0x414487, 0x355F8D, 0x2A788E, 0x21918C, 0x22A884, 0x44BF70, 0x7AD151, 0xBDDF26, 0xFDE725
    };

    private FeaturePicture() {}

    /** Writes a PNG of values {@code [frames, bands]}, each a block of pixels large enough to be seen. */
    static void write(OutputStream out, float[] values, int frames, int bands) throws IOException {
        int width = Math.max(1, Math.min(WIDEST_FRAME, WIDTH / frames));
        int height = Math.max(1, HEIGHT / bands);
        // A picture wider than any viewer takes shows every n-th frame.
        int step = 1 + (frames - 1) / WIDEST_PICTURE;
        int shown = 1 + (frames - 1) / step;
        float quietest = Float.POSITIVE_INFINITY;
        float loudest = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            quietest = Math.min(quietest, value);
            loudest = Math.max(loudest, value);
        }
        float range = loudest - quietest;
        BufferedImage image = new BufferedImage(shown * width, bands * height, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < image.getWidth(); x++) {
            int frame = x / width * step;
            for (int y = 0; y < image.getHeight(); y++) {
                int band = bands - 1 - y / height;
                float value = values[frame * bands + band];
                image.setRGB(x, y, colour(range > 0 ? (value - quietest) / range : 0));
            }
        }
        // Without this, ImageIO keeps a copy in a file in the temporary folder.
        ImageIO.setUseCache(false);
        if (!ImageIO.write(image, "png", out)) {
            throw new IOException("this Java runtime cannot write PNG");
        }
    }

    /** The colour of a loudness in [0, 1]. */
    static int colour(float loudness) {
        float place = Math.max(0, Math.min(1, loudness)) * (VIRIDIS.length - 1);
        int below = Math.min((int) place, VIRIDIS.length - 2);
        float part = place - below;
        int colour = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int from = VIRIDIS[below] >> shift & 0xFF;
            int to = VIRIDIS[below + 1] >> shift & 0xFF;
            colour |= Math.round(from + part * (to - from)) << shift;
        }
        return colour;
    }
}
