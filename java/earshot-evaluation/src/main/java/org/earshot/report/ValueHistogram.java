package org.earshot.report;

import org.earshot.parity.Comparison;

/**
 * How often values of each size occur, of the reference's and of the engine's, one line each.
 *
 * @param comparison of a layer
 */
record ValueHistogram(Comparison comparison) {
    private static final int BINS = 40;
    private static final double LEFT = 8;
    private static final double TOP = 18;
    private static final double HEIGHT = 110;
    private static final double BOTTOM = 18;

    void write(Markup page) {
        float[] expected = comparison.expected().values();
        float[] computed = comparison.computed().values();
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (float[] values : new float[][] {expected, computed}) {
            for (float value : values) {
                low = Float.isFinite(value) ? Math.min(low, value) : low;
                high = Float.isFinite(value) ? Math.max(high, value) : high;
            }
        }
        if (!(low < high)) {
            page.leaf("p", "All values are the same, or none is a number.");
            return;
        }
        int[] reference = counts(expected, low, high);
        int[] engine = counts(computed, low, high);
        int most = 1;
        for (int i = 0; i < BINS; i++) {
            most = Math.max(most, Math.max(reference[i], engine[i]));
        }
        Svg svg = new Svg(
                page,
                "Values of " + comparison.name(),
                BINS + " classes from " + LayerChart.figure(low) + " to " + LayerChart.figure(high)
                        + ": the reference's as one line, the engine's as the other.",
                Svg.NARROW,
                TOP + HEIGHT + BOTTOM);
        svg.path("curve s0", steps(reference, most)).path("curve level s1", steps(engine, most));
        svg.line("frame", LEFT, TOP + HEIGHT, Svg.NARROW - LEFT, TOP + HEIGHT);
        svg.line("curve s0", LEFT, TOP - 10, LEFT + 18, TOP - 10).text("start", LEFT + 22, TOP - 7, "PyTorch");
        svg.line("curve level s1", LEFT + 90, TOP - 10, LEFT + 108, TOP - 10)
                .text("start", LEFT + 112, TOP - 7, "Earshot");
        svg.text("start", LEFT, TOP + HEIGHT + 13, LayerChart.figure(low));
        svg.text("end", Svg.NARROW - LEFT, TOP + HEIGHT + 13, LayerChart.figure(high));
        svg.finish();
    }

    private static int[] counts(float[] values, double low, double high) {
        int[] counts = new int[BINS];
        for (float value : values) {
            if (Float.isFinite(value)) {
                counts[(int) Math.min(BINS - 1, BINS * (value - low) / (high - low))]++;
            }
        }
        return counts;
    }

    private static String steps(int[] counts, int most) {
        StringBuilder path = new StringBuilder();
        double width = (Svg.NARROW - 2 * LEFT) / BINS;
        for (int i = 0; i < BINS; i++) {
            double y = TOP + HEIGHT * (1 - (double) counts[i] / most);
            path.append(i == 0 ? 'M' : 'L')
                    .append(Numbers.place(LEFT + width * i))
                    .append(' ')
                    .append(Numbers.place(y))
                    .append('H')
                    .append(Numbers.place(LEFT + width * (i + 1)));
        }
        return path.toString();
    }
}
