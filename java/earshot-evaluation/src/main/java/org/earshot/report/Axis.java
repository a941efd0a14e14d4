package org.earshot.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes values to places along one side of a drawing.
 *
 * @param from value at {@code start}
 * @param to value at {@code end}
 * @param start place in the drawing
 * @param end place in the drawing; before {@code start} where the axis grows upwards
 * @param step distance of two ticks
 */
record Axis(double from, double to, double start, double end, double step) {
    private static final double[] STEPS = {0.01, 0.02, 0.05, 0.1, 0.2, 0.25};

    /** Seconds, to a day. */
    private static final double[] TIMES = {
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600,
        43_200, 86_400
    };

    private static final int MOST_TICKS = 6;
    private static final double EXACT = 1e-9;

    /** From 0 to 1 in fifths. */
    static Axis share(double start, double end) {
        return new Axis(0, 1, start, end, 0.2);
    }

    /** The part of 0 to 1 that holds two values, from one round number to another. */
    static Axis around(double lowest, double highest, double start, double end) {
        if (!(lowest <= highest)) {
            return share(start, end);
        }
        for (double step : STEPS) {
            double from = Math.max(0, Math.floor(lowest / step + EXACT) * step);
            double to = Math.min(1, Math.ceil(highest / step - EXACT) * step);
            if (to - from <= (MOST_TICKS - 1) * step + EXACT && to - from > 2 * step - EXACT) {
                return new Axis(from, to, start, end, step);
            }
        }
        return share(start, end);
    }

    /** From zero to a length, with a round number between its ticks. */
    static Axis upTo(double length, double start, double end) {
        double step = Math.pow(10, Math.floor(Math.log10(length)));
        while (length / step > MOST_TICKS) {
            step *= 2;
        }
        while (length / step < 3) {
            step /= 2;
        }
        return new Axis(0, length, start, end, step);
    }

    /**
     * From zero to a length in seconds, its ticks at round times.
     *
     * @param most how many ticks, about
     */
    static Axis ofTime(double seconds, double start, double end, int most) {
        double step = TIMES[0];
        for (int i = 1; seconds / step > most; i++) {
            step = i < TIMES.length ? TIMES[i] : 2 * step;
        }
        return new Axis(0, seconds, start, end, step);
    }

    double at(double value) {
        return start + (end - start) * (value - from) / (to - from);
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; from + i * step <= to + EXACT * step + EXACT; i++) {
            ticks.add(from + i * step);
        }
        return ticks;
    }
}
