package org.earshot.report;

import java.util.Locale;

/**
 * How one of several models is drawn: colour, kind of line and shape of its marks, so that it can be told from the
 * others without its colour.
 */
enum Series {
    FIRST("s0", "M-%1$s 0a%1$s %1$s 0 1 0 %2$s 0a%1$s %1$s 0 1 0 -%2$s 0z"),
    SECOND("s1", "M-%1$s -%1$sh%2$sv%2$sh-%2$sz"),
    THIRD("s2", "M0 -%1$sl%1$s %2$sh-%2$sz"),
    FOURTH("s3", "M0 -%1$sl%1$s %1$sl-%1$s %1$sl-%1$s -%1$sz"),
    FIFTH("s4", "M-%1$s -%1$sl%2$s %2$sm0 -%2$sl-%2$s %2$s"),
    SIXTH("s5", "M-%1$s 0h%2$sm-%1$s -%1$sv%2$s"),
    SEVENTH("s6", "M0 %1$sl%1$s -%2$sh-%2$sz");

    private static final double SIZE = 3.5;
    private static final double SAMPLE = 26;
    /** Height of a line of the legend. */
    static final double ROW = 15;

    private final String colour;
    private final String mark;

    Series(String colour, String shape) {
        this.colour = colour;
        mark = String.format(Locale.ROOT, shape, SIZE, 2 * SIZE);
    }

    /** The seven take turns if there are more models. */
    static Series of(int model) {
        return values()[model % values().length];
    }

    /** The class of the style sheet that holds its colour. */
    String colour() {
        return colour;
    }

    void mark(Svg svg, double x, double y) {
        svg.shape("mark " + colour(), x, y, mark);
    }

    /** Its line of the legend. */
    void legend(Svg svg, double x, double y, String name, double room, boolean marked) {
        svg.line("curve " + colour() + (marked ? "" : " level"), x, y, x + SAMPLE, y);
        if (marked) {
            mark(svg, x + SAMPLE / 2, y);
        }
        svg.name("start", x + SAMPLE + 6, y + 3.5, name, room - SAMPLE - 6);
    }
}
