package org.earshot.report;

import java.util.function.DoubleFunction;

/**
 * A field between two axes.
 *
 * @param svg what it is drawn into
 * @param x grows to the right
 * @param y grows upwards
 */
record Plot(Svg svg, Axis x, Axis y) {
    private static final double BELOW = 13;
    private static final double BESIDE = 5;
    private static final double HALF_LETTER = 3.5;

    /** Draws the grid and its numbers; they lie below what is drawn later. */
    void grid(DoubleFunction<String> xNumber, String xTitle, DoubleFunction<String> yNumber, String yTitle) {
        for (double tick : y.ticks()) {
            svg.line("grid", x.start(), y.at(tick), x.end(), y.at(tick));
            svg.text("end", x.start() - BESIDE, y.at(tick) + HALF_LETTER, yNumber.apply(tick));
        }
        for (double tick : x.ticks()) {
            svg.line("grid", x.at(tick), y.start(), x.at(tick), y.end());
            svg.text("middle", x.at(tick), y.start() + BELOW, xNumber.apply(tick));
        }
        svg.line("frame", x.start(), y.start(), x.end(), y.start());
        svg.line("frame", x.start(), y.start(), x.start(), y.end());
        svg.text("axis middle", (x.start() + x.end()) / 2, y.start() + 2 * BELOW + 1, xTitle);
        svg.text("axis start", 0, y.end() - BESIDE - HALF_LETTER, yTitle);
    }

    /** A share as the number at a tick. */
    static String percent(double share) {
        return Numbers.place(Math.round(1000 * share) / 10.0);
    }
}
