package org.earshot.report;

import java.util.List;
import java.util.Locale;
import org.earshot.parity.Comparison;

/**
 * The differences of a network's layers as bars on a logarithmic scale, in the order in which the layers run: each with
 * its tolerance, and with what rounding alone may amount to.
 *
 * @param title what it shows
 * @param comparisons from top to bottom
 */
record LayerChart(String title, List<Comparison> comparisons) {
    private static final double WIDTH = 620;
    private static final double NAMES = 250;
    private static final double FIGURE = 50;
    private static final double GAP = 5;
    private static final double ROW = 17;
    private static final double BAR = 11;
    private static final double TOP = 24;
    private static final double BOTTOM = 18;
    private static final double LETTER = 3.5;
    private static final int SMALLEST = -9;
    private static final int LARGEST = 2;

    void write(Markup page) {
        page.open("div", "class", "scroll", "role", "region", "aria-label", title, "tabindex", "0");
        double bottom = TOP + ROW * comparisons.size();
        Svg svg = new Svg(page, title, description(), WIDTH, bottom + BOTTOM);
        for (int power = SMALLEST; power <= LARGEST; power++) {
            double x = place(Math.pow(10, power));
            svg.line("grid", x, TOP, x, bottom);
            if (power % 2 == 0) {
                svg.text("middle", x, bottom + 13, "1e" + power);
            }
        }
        svg.text("axis end", WIDTH, TOP - GAP, "held to it");
        for (int i = 0; i < comparisons.size(); i++) {
            row(svg, comparisons.get(i), TOP + ROW * i);
        }
        svg.finish();
        page.close();
    }

    private static void row(Svg svg, Comparison one, double y) {
        double line = y + ROW / 2 + LETTER;
        double end = place(one.measured());
        svg.name("end", NAMES - GAP, line, one.name(), NAMES - 2 * GAP);
        svg.box(one.passes() ? "bar" : "mark s1", NAMES, y + (ROW - BAR) / 2, Math.max(1, end - NAMES), BAR);
        if (one.bound() > 0) {
            svg.line("frame", place(one.bound()), y + 2, place(one.bound()), y + ROW - 2);
        }
        svg.line("reference", place(one.tolerance()), y, place(one.tolerance()), y + ROW);
        svg.text("end", WIDTH, line, figure(one.measured()));
    }

    static String figure(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.1e", value) : "not a number";
    }

    /** Where a difference lies; none that is too small, too large or no number lies outside of the drawing. */
    private static double place(double value) {
        double power = Double.isNaN(value) ? LARGEST : value > 0 ? Math.log10(value) : SMALLEST;
        double share = (Math.max(SMALLEST, Math.min(LARGEST, power)) - SMALLEST) / (LARGEST - SMALLEST);
        return NAMES + share * (WIDTH - FIGURE - NAMES);
    }

    private String description() {
        return comparisons.size() + " bars from 1e" + SMALLEST + " to 1e" + LARGEST
                + ", one for each output, in the order in which the layers run. The table below has the same numbers.";
    }
}
