package org.earshot.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;

/**
 * A clip's log-mel with its axes: seconds, and the frequencies at which the mel bands lie.
 *
 * @param title which clip it is
 * @param clip position in the set
 * @param spectrograms of the set
 */
record SpectrogramChart(String title, int clip, Spectrograms spectrograms) {
    private static final double LEFT = 30;
    private static final double RIGHT = 12;
    private static final double TOP = 14;
    private static final double PICTURE = 96;
    private static final double BOTTOM = 18;
    private static final int PIXELS = 250;

    /** Octaves, of which those are named that the bands reach and that stand apart. */
    private static final int[] FREQUENCIES = {16_000, 8_000, 4_000, 2_000, 1_000, 500, 250, 125};

    private static final double APART = 13;

    void write(Markup page) {
        int frames = spectrograms.frames(clip);
        int bands = spectrograms.bands();
        if (frames < 1 || bands < 1) {
            page.leaf("p", "The clip has no features.");
            return;
        }
        double seconds = frames * spectrograms.secondsPerFrame();
        Svg svg = new Svg(page, title, description(seconds), Svg.NARROW, TOP + PICTURE + BOTTOM);
        Axis x = Axis.upTo(seconds, LEFT, Svg.NARROW - RIGHT);
        svg.image(picture(frames, bands), LEFT, TOP, x.end() - LEFT, PICTURE);
        for (double tick : x.ticks()) {
            svg.line("frame", x.at(tick), TOP + PICTURE, x.at(tick), TOP + PICTURE + 3);
            svg.text("middle", x.at(tick), TOP + PICTURE + 13, Numbers.place(tick) + " s");
        }
        svg.text("axis start", 0, TOP - 5, "kHz");
        double last = Double.NEGATIVE_INFINITY;
        for (int frequency : FREQUENCIES) {
            double height = height(frequency, bands);
            if (Double.isFinite(height) && height - last >= APART) {
                svg.line("frame", LEFT - 3, height, LEFT, height);
                svg.text("end", LEFT - 5, height + 3.5, Numbers.fine(frequency / 1000.0));
                last = height;
            }
        }
        svg.finish();
    }

    /** Where a frequency lies between the centres of the bands; NaN outside of them. */
    private double height(int frequency, int bands) {
        for (int band = 1; band < bands; band++) {
            double low = spectrograms.frequency(band - 1);
            double high = spectrograms.frequency(band);
            if (low <= frequency && frequency <= high && low < high) {
                double place = band - 0.5 + (frequency - low) / (high - low);
                return TOP + PICTURE * (1 - place / bands);
            }
        }
        return Double.NaN;
    }

    private String picture(int frames, int bands) {
        try {
            byte[] png = FeaturePicture.small(spectrograms.logMel(clip), frames, bands, PIXELS);
            return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String description(double seconds) {
        return "Log-mel spectrogram of " + Numbers.place(seconds)
                + " seconds: time to the right, low frequencies at the bottom, the louder the brighter.";
    }
}
