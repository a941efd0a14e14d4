package org.earshot.report;

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
        String picture = FeaturePicture.dataUri(FeaturePicture.small(spectrograms.logMel(clip), frames, bands, PIXELS));
        svg.image(picture, LEFT, TOP, x.end() - LEFT, PICTURE);
        for (double tick : x.ticks()) {
            svg.line("frame", x.at(tick), TOP + PICTURE, x.at(tick), TOP + PICTURE + 3);
            svg.text("middle", x.at(tick), TOP + PICTURE + 13, Numbers.place(tick) + " s");
        }
        svg.text("axis start", 0, TOP - 5, "kHz");
        for (BandScale.Tick tick : new BandScale(bands, spectrograms::frequency, TOP, PICTURE).ticks()) {
            svg.line("frame", LEFT - 3, tick.place(), LEFT, tick.place());
            svg.text("end", LEFT - 5, tick.place() + 3.5, tick.label());
        }
        svg.finish();
    }

    private static String description(double seconds) {
        return "Log-mel spectrogram of " + Numbers.place(seconds)
                + " seconds: time to the right, low frequencies at the bottom, the louder the brighter.";
    }
}
