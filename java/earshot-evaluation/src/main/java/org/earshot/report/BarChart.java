package org.earshot.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.earshot.evaluation.GroupScore;

/**
 * A model's accuracy in each city or hour as a bar, with its figure and the number of clips beside it.
 *
 * @param title what it shows
 * @param groups from top to bottom
 * @param whole accuracy on the whole set, drawn as a line to compare with
 */
record BarChart(String title, List<GroupScore> groups, double whole) {
    private static final double LONGEST_NAME = 90;
    private static final double GAP = 5;
    private static final double ROW = 17;
    private static final double BAR = 11;
    private static final double TOP = 30;
    private static final double BOTTOM = 18;
    private static final double FIGURE = 44;
    private static final double COUNT = 36;
    private static final double LETTER = 3.5;

    void write(Markup page) {
        double left = GAP
                + Math.min(
                        LONGEST_NAME,
                        Collections.max(groups.stream()
                                .map(group -> Svg.width(group.group()))
                                .toList()));
        double bottom = TOP + ROW * groups.size();
        Axis x = new Axis(0, 1, left, Svg.NARROW - FIGURE - COUNT, 0.25);
        Svg svg = new Svg(page, title, description(), Svg.NARROW, bottom + BOTTOM);
        for (double tick : x.ticks()) {
            svg.line("grid", x.at(tick), TOP, x.at(tick), bottom);
            svg.text("middle", x.at(tick), bottom + 13, Plot.percent(tick));
        }
        svg.text("axis end", Svg.NARROW - COUNT, TOP - GAP, "%");
        svg.text("axis end", Svg.NARROW, TOP - GAP, "clips");
        for (int i = 0; i < groups.size(); i++) {
            row(svg, groups.get(i), x, TOP + ROW * i);
        }
        svg.line("frame", left, TOP, left, bottom);
        if (Double.isFinite(whole)) {
            svg.line("reference", x.at(whole), TOP - GAP, x.at(whole), bottom);
            svg.text("axis middle", x.at(whole), TOP - GAP - 4, "all " + Numbers.percent(whole));
        }
        svg.finish();
    }

    private static void row(Svg svg, GroupScore group, Axis x, double y) {
        double share = share(group);
        double line = y + ROW / 2 + LETTER;
        svg.name("end", x.start() - GAP, line, group.group(), LONGEST_NAME);
        if (share > 0) {
            svg.box("bar", x.start(), y + (ROW - BAR) / 2, x.at(share) - x.start(), BAR);
        }
        svg.text("end", Svg.NARROW - COUNT, line, Double.isFinite(share) ? Numbers.points(share) : Numbers.NONE);
        svg.text("end muted", Svg.NARROW, line, Numbers.count(group.clips()));
    }

    /** Share of right answers; NaN if there is no clip. */
    static double share(GroupScore group) {
        return group.clips() > 0 ? (double) group.correct() / group.clips() : Double.NaN;
    }

    private String description() {
        List<String> parts = new ArrayList<>();
        for (GroupScore group : groups) {
            parts.add(group.group() + " " + Numbers.percent(share(group)) + " of " + Numbers.clips(group.clips()));
        }
        return String.join("; ", parts) + ".";
    }
}
