package org.earshot.report;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A log-mel as a picture: time to the right, low frequencies at the bottom, loudness as colour from the quietest value
 * (dark) to the loudest (bright).
 */
public final class FeaturePicture {
    private static final int HEIGHT = 384;
    private static final int WIDTH = 1000;
    private static final int WIDEST_FRAME = 16;
    private static final int WIDEST_PICTURE = 1 << 15;
    private static final int COLOURS = 256;

    /**
     * Eleven evenly spaced colours of viridis (Smith and van der Walt, matplotlib 2015), whose lightness rises evenly;
     * the colours between are interpolated.
     */
    private static final int[] VIRIDIS = {
        0x440154, 0x482475, 0x414487, 0x355F8D, 0x2A788E, 0x21918C, 0x22A884, 0x44BF70, 0x7AD151, 0xBDDF26, 0xFDE725
    };

    private FeaturePicture() {}

    /**
     * Writes a PNG in which every value is a block of pixels large enough to be seen.
     *
     * @param out where to; left open
     * @param values {@code [frames, bands]}
     * @param frames at least 1; of more than fit into a picture, every n-th is shown
     * @param bands at least 1
     * @throws IOException if it cannot be written
     */
    public static void write(OutputStream out, float[] values, int frames, int bands) throws IOException {
        int width = Math.max(1, Math.min(WIDEST_FRAME, WIDTH / frames));
        int height = Math.max(1, HEIGHT / bands);
        // A picture wider than any viewer takes shows every n-th frame.
        int step = 1 + (frames - 1) / WIDEST_PICTURE;
        int shown = 1 + (frames - 1) / step;
        float[] picked = values;
        if (step > 1) {
            picked = new float[shown * bands];
            for (int frame = 0; frame < shown; frame++) {
                System.arraycopy(values, frame * step * bands, picked, frame * bands, bands);
            }
        }
        png(image(picked, shown, bands, width, height), out);
    }

    /**
     * A picture of one pixel a band, for a picture that is shown small.
     *
     * @param widest most pixels from left to right; neighbouring frames are averaged where there are more
     */
    static BufferedImage small(float[] values, int frames, int bands, int widest) {
        int step = 1 + (frames - 1) / widest;
        int shown = 1 + (frames - 1) / step;
        float[] means = new float[shown * bands];
        for (int frame = 0; frame < frames; frame++) {
            int merged = Math.min(step, frames - frame / step * step);
            for (int band = 0; band < bands; band++) {
                means[frame / step * bands + band] += values[frame * bands + band] / merged;
            }
        }
        return image(means, shown, bands, 1, 1);
    }

    /** A picture in which every value is a block of so many pixels. */
    static BufferedImage image(float[] values, int frames, int bands, int width, int height) {
        float quietest = Float.POSITIVE_INFINITY;
        float loudest = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            quietest = Math.min(quietest, value);
            loudest = Math.max(loudest, value);
        }
        float range = loudest - quietest;
        BufferedImage image =
                new BufferedImage(frames * width, bands * height, BufferedImage.TYPE_BYTE_INDEXED, palette());
        int[] column = new int[image.getHeight()];
        for (int x = 0; x < image.getWidth(); x++) {
            int frame = x / width;
            for (int y = 0; y < column.length; y++) {
                int band = bands - 1 - y / height;
                float value = values[frame * bands + band];
                column[y] = range > 0 ? Math.round((COLOURS - 1) * (value - quietest) / range) : 0;
            }
            image.getRaster().setPixels(x, 0, 1, column.length, column);
        }
        return image;
    }

    /** A picture as part of a page. */
    static String dataUri(BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            png(image, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Memory throws none.
        }
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    /** Writes a picture as PNG. */
    static void png(BufferedImage image, OutputStream out) throws IOException {
        // In memory: ImageIO's own choice is a file in the temporary folder.
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            if (!ImageIO.write(image, "png", stream)) {
                throw new IOException("this Java runtime cannot write PNG");
            }
        }
    }

    private static IndexColorModel palette() {
        int[] colours = new int[COLOURS];
        Arrays.setAll(colours, i -> colour(i / (COLOURS - 1f)));
        return new IndexColorModel(8, COLOURS, colours, 0, false, -1, DataBuffer.TYPE_BYTE);
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
