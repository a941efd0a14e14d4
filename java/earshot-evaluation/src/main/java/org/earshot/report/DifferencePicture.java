package org.earshot.report;

import org.earshot.parity.Comparison;
import org.earshot.parity.Grid;

/**
 * Where a layer differs: the logarithm of its mean difference over clips and channels at each frame and band; of
 * vectors, of each clip and channel.
 *
 * @param comparison the layer's
 */
record DifferencePicture(Comparison comparison) {
    private static final double LEFT = 46;
    private static final double TOP = 14;
    private static final double HEIGHT = 120;
    private static final double BOTTOM = 18;
    private static final int PIXELS = 250;

    /** What is drawn darkest where nothing differs, relative to the largest. */
    private static final double LEAST = 1e-6;

    void write(Markup page) {
        Grid expected = comparison.expected();
        boolean vector = expected.frames() == 1 && expected.bands() == 1;
        int columns = vector ? expected.channels() : expected.frames();
        int rows = vector ? expected.clips() : expected.bands();
        String across = vector ? "channel" : "frame";
        String up = vector ? "clip" : "band";
        String title = "Where " + comparison.name() + " differs";
        Svg svg = new Svg(
                page,
                title,
                "Differences of " + columns + " by " + rows + " places (" + across + " to the right, " + up
                        + " upwards): the larger the brighter, on a logarithmic scale.",
                Svg.NARROW,
                TOP + HEIGHT + BOTTOM);
        svg.image(picture(columns, rows, vector), LEFT, TOP, Svg.NARROW - LEFT, HEIGHT);
        svg.text("axis start", 0, TOP - 4, up + " " + (rows - 1));
        svg.text("end", LEFT - 4, TOP + HEIGHT, "0");
        svg.text("start", LEFT, TOP + HEIGHT + 13, "0");
        svg.text("axis end", Svg.NARROW, TOP + HEIGHT + 13, across + " " + (columns - 1));
        svg.finish();
    }

    private String picture(int columns, int rows, boolean vector) {
        double[] sums = new double[columns * rows];
        Grid expected = comparison.expected();
        float[] e = expected.values();
        float[] a = comparison.computed().values();
        double largest = 0;
        for (int i = 0; i < e.length; i++) {
            int c = i % expected.channels();
            int f = i / expected.channels() % expected.bands();
            int t = i / expected.channels() / expected.bands() % expected.frames();
            int b = i / expected.channels() / expected.bands() / expected.frames();
            int place = vector ? c * rows + b : t * rows + f;
            double difference = Math.abs((double) a[i] - e[i]);
            sums[place] += Double.isFinite(difference) ? difference : Float.MAX_VALUE;
            largest = Math.max(largest, sums[place]);
        }
        float[] levels = new float[sums.length];
        for (int i = 0; i < sums.length; i++) {
            levels[i] = largest > 0 ? (float) Math.log10(Math.max(LEAST, sums[i] / largest)) : 0;
        }
        return FeaturePicture.dataUri(FeaturePicture.small(levels, columns, rows, PIXELS));
    }
}
