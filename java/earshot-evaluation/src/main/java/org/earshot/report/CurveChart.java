package org.earshot.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A figure of several models against the share of clips whose context was changed: the mean as a line, one standard
 * deviation to either side as a band.
 *
 * @param title what it shows
 * @param figure what grows upwards
 * @param lines one for each model
 */
record CurveChart(String title, String figure, List<Line> lines) {
    private static final double LEFT = 34;
    private static final double RIGHT = 12;
    private static final double PLOT = 180;
    private static final double ABOVE = 22;
    private static final double BELOW = 34;
    private static final int ALL = 100;

    /**
     * One model.
     *
     * @param name of it
     * @param context whether it is told any; if not, it stays as it is
     * @param points by share; a single one for a model without context
     */
    record Line(String name, boolean context, List<Point> points) {}

    /**
     * One share of the clips.
     *
     * @param percent of the clips
     * @param mean of the draws
     * @param spread their standard deviation
     */
    record Point(int percent, double mean, double spread) {
        boolean known() {
            return Double.isFinite(mean);
        }

        double low() {
            return Math.max(0, mean - (Double.isFinite(spread) ? spread : 0));
        }

        double high() {
            return Math.min(1, mean + (Double.isFinite(spread) ? spread : 0));
        }
    }

    void write(Markup page) {
        double top = Series.ROW * lines.size() + ABOVE;
        List<Point> points = known(lines.stream().flatMap(line -> line.points().stream()));
        double lowest = points.stream().mapToDouble(Point::low).min().orElse(0);
        double highest = points.stream().mapToDouble(Point::high).max().orElse(1);
        Axis x = new Axis(0, ALL, LEFT, Svg.NARROW - RIGHT, ALL / 5);
        Axis y = Axis.around(lowest, highest, top + PLOT, top);
        Svg svg = new Svg(page, title, description(), Svg.NARROW, top + PLOT + BELOW);
        new Plot(svg, x, y).grid(Numbers::place, "clips with changed context (%)", Plot::percent, figure + " (%)");
        for (int i = 0; i < lines.size(); i++) {
            band(svg, x, y, lines.get(i), Series.of(i));
        }
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            curve(svg, x, y, line, Series.of(i));
            String name = line.name() + (line.context() ? "" : " (no context)");
            Series.of(i).legend(svg, 2, Series.ROW * (i + 0.5), name, Svg.NARROW - 2, line.context());
        }
        svg.finish();
    }

    private static void band(Svg svg, Axis x, Axis y, Line line, Series series) {
        List<Point> points = known(line.points().stream());
        if (points.size() < 2) {
            return;
        }
        List<String> border = new ArrayList<>();
        points.forEach(point -> border.add(place(x.at(point.percent()), y.at(point.high()))));
        for (int i = points.size() - 1; i >= 0; i--) {
            border.add(place(x.at(points.get(i).percent()), y.at(points.get(i).low())));
        }
        svg.path("band " + series.colour(), "M" + String.join("L", border) + "Z");
    }

    private static void curve(Svg svg, Axis x, Axis y, Line line, Series series) {
        List<Point> points = known(line.points().stream());
        if (points.isEmpty()) {
            return;
        }
        if (!line.context()) {
            double height = y.at(points.get(0).mean());
            svg.line("curve level " + series.colour(), x.start(), height, x.end(), height);
            return;
        }
        List<String> path = points.stream()
                .map(point -> place(x.at(point.percent()), y.at(point.mean())))
                .toList();
        svg.path("curve " + series.colour(), "M" + String.join("L", path));
        points.forEach(point -> series.mark(svg, x.at(point.percent()), y.at(point.mean())));
    }

    private static List<Point> known(java.util.stream.Stream<Point> points) {
        return points.filter(Point::known).toList();
    }

    private static String place(double x, double y) {
        return Numbers.place(x) + " " + Numbers.place(y);
    }

    private String description() {
        List<String> parts = new ArrayList<>();
        for (Line line : lines) {
            List<String> figures = new ArrayList<>();
            line.points()
                    .forEach(point ->
                            figures.add(point.percent() + " %: " + Numbers.spread(point.mean(), point.spread())));
            parts.add(line.name() + (line.context() ? " " : " without context ") + String.join(", ", figures));
        }
        return String.join("; ", parts) + ".";
    }
}
