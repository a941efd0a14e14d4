package org.earshot.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Counts in rows and columns, the more the darker, each with its number; the sum of every row stands beside it.
 *
 * @param title what it shows
 * @param rowAxis what the rows are
 * @param columnAxis what the columns are
 * @param rows their names
 * @param columns their names
 * @param counts a list for each row
 * @param shading what the darkest cell is
 */
record HeatMap(
        String title,
        String rowAxis,
        String columnAxis,
        List<String> rows,
        List<String> columns,
        List<List<Integer>> counts,
        Shading shading) {
    /** What a cell's count is divided by for its shade. */
    enum Shading {
        /** The sum of its row. */
        ROW,
        /** The largest count. */
        LARGEST
    }

    private static final double LONGEST_NAME = 110;
    private static final double GAP = 5;
    private static final double HEIGHT = 20;
    private static final double NARROWEST = 19;
    private static final double WIDEST = 34;
    private static final double DIGIT = 0.58;
    private static final double LETTER_LINE = 14;

    /** Where numbers change from dark to light, so that both keep a contrast of 4.5 to 1 in either scheme. */
    private static final double MIDDLE = 0.55;

    private static final double DARK = 0.66;

    void write(Markup page) {
        long largest = counts.stream()
                .flatMap(List::stream)
                .mapToLong(Integer::longValue)
                .max()
                .orElse(0);
        double left = room(rows, rowAxis) + GAP;
        double top = room(columns, "") + LETTER_LINE + GAP;
        double sums = Math.max(HEIGHT, Svg.width(Numbers.count(total())) + 2 * GAP);
        double cell = Math.min(WIDEST, Math.max(NARROWEST, (Svg.NARROW - left - sums) / Math.max(1, columns.size())));
        double right = left + cell * columns.size();
        double width = right + sums;
        double height = top + HEIGHT * rows.size() + GAP;
        boolean wide = width > Svg.NARROW;
        if (wide) {
            page.open("div", "class", "scroll", "role", "region", "aria-label", title, "tabindex", "0");
        }
        Svg svg = new Svg(page, title, description(), width, height);
        svg.text("axis start", left, LETTER_LINE - 3, columnAxis + " →");
        svg.text("axis end", left - GAP, top - GAP, rowAxis + " ↓");
        for (int c = 0; c < columns.size(); c++) {
            svg.upright("start", left + cell * (c + 0.5) + 3.5, top - GAP, columns.get(c), LONGEST_NAME);
        }
        svg.upright("start muted", right + sums / 2 + 3.5, top - GAP, "all", LONGEST_NAME);
        for (int r = 0; r < rows.size(); r++) {
            double y = top + HEIGHT * r;
            svg.name("end", left - GAP, y + HEIGHT / 2 + 3.5, rows.get(r), LONGEST_NAME);
            long sum = sum(counts.get(r));
            for (int c = 0; c < columns.size(); c++) {
                int count = counts.get(r).get(c);
                double whole = shading == Shading.ROW ? sum : largest;
                cell(svg, left + cell * c, y, cell, count, whole > 0 ? count / whole : 0);
            }
            svg.text("middle muted", right + sums / 2, y + HEIGHT / 2 + 3.5, Numbers.count(sum));
        }
        svg.finish();
        if (wide) {
            page.close();
        }
    }

    private static void cell(Svg svg, double x, double y, double width, int count, double share) {
        svg.box("cell", x, y, width, HEIGHT);
        if (count > 0) {
            svg.box("shade", x, y, width, HEIGHT, share);
        }
        String number = Numbers.count(count);
        String ink = count == 0 ? " none" : share >= DARK ? " dark" : share >= MIDDLE ? " middle-shade" : "";
        boolean tight = number.length() * DIGIT * Svg.LETTERS > width - 2;
        svg.text("middle count" + ink + (tight ? " tight" : ""), x + width / 2, y + HEIGHT / 2 + 3.5, number);
    }

    /** The same counts as a table, folded away. */
    void writeTable(Markup page) {
        Table table = new Table(title, rowAxis);
        columns.forEach(table::column);
        table.column("all");
        for (int r = 0; r < rows.size(); r++) {
            List<String> row = new ArrayList<>(List.of(rows.get(r)));
            counts.get(r).forEach(count -> row.add(Numbers.count(count)));
            row.add(Numbers.count(sum(counts.get(r))));
            table.row(row);
        }
        table.writeFolded(page);
    }

    private String description() {
        return rows.size() + " rows (" + rowAxis + ") by " + columns.size() + " columns (" + columnAxis + "), "
                + Numbers.clips(total()) + ". The table below has the same numbers.";
    }

    private long total() {
        return counts.stream().mapToLong(HeatMap::sum).sum();
    }

    private static long sum(List<Integer> row) {
        return row.stream().mapToLong(Integer::longValue).sum();
    }

    private static double room(List<String> names, String axis) {
        double longest = names.isEmpty()
                ? 0
                : Collections.max(names.stream().map(Svg::width).toList());
        return Math.max(Svg.width(axis + " ↓"), Math.min(LONGEST_NAME, longest));
    }
}
