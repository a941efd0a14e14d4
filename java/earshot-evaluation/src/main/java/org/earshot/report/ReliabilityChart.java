package org.earshot.report;

import org.earshot.evaluation.Calibration;

/**
 * The reliability diagram (Guo et al. 2017, Fig. 1): accuracy of the answers by the probability they were given, with
 * the number of clips of every bin below.
 *
 * @param title what it shows
 * @param calibration the bins
 */
record ReliabilityChart(String title, Calibration calibration) {
    private static final double LEFT = 34;
    private static final double RIGHT = 12;
    private static final double TOP = 22;
    private static final double PLOT = 200;
    private static final double AXIS = 34;
    private static final double COUNTS = 44;
    private static final double NUMBER = 30;

    void write(Markup page) {
        double floor = TOP + PLOT + AXIS + NUMBER + COUNTS;
        Axis x = Axis.share(LEFT, Svg.NARROW - RIGHT);
        Axis y = Axis.share(TOP + PLOT, TOP);
        Svg svg = new Svg(page, title, description(), Svg.NARROW, floor + 4);
        new Plot(svg, x, y).grid(Plot::percent, "probability of the answer (%)", Plot::percent, "accuracy (%)");
        int most = calibration.bins().stream()
                .mapToInt(Calibration.Bin::clips)
                .max()
                .orElse(0);
        svg.text("axis start", 0, floor - COUNTS - NUMBER + 10, "clips");
        svg.line("frame", x.start(), floor, x.end(), floor);
        for (Calibration.Bin bin : calibration.bins()) {
            double from = x.at(bin.low()) + 1;
            double width = x.at(bin.high()) - 1 - from;
            if (bin.accuracy() > 0) {
                svg.box("bar", from, y.at(bin.accuracy()), width, y.start() - y.at(bin.accuracy()));
            }
            double height = most > 0 ? COUNTS * bin.clips() / most : 0;
            if (height > 0) {
                svg.box("bar quiet", from, floor - height, width, height);
            }
            svg.upright("start", from + width / 2 + 3.5, floor - height - 3, Numbers.count(bin.clips()), NUMBER);
        }
        svg.line("reference", x.at(0), y.at(0), x.at(1), y.at(1));
        for (Calibration.Bin bin : calibration.bins()) {
            if (Double.isFinite(bin.confidence()) && Double.isFinite(bin.accuracy())) {
                svg.line(
                        "gap",
                        x.at(bin.confidence()),
                        y.at(bin.confidence()),
                        x.at(bin.confidence()),
                        y.at(bin.accuracy()));
                Series.FIRST.mark(svg, x.at(bin.confidence()), y.at(bin.accuracy()));
            }
        }
        svg.finish();
    }

    private String description() {
        return "Bars: accuracy of the answers by probability; dashed: what it would be if the probabilities were exact."
                + " Expected calibration error " + Numbers.percent(calibration.expectedError())
                + ". The table below has the same figures.";
    }
}
