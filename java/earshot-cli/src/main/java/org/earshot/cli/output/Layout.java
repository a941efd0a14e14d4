package org.earshot.cli.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A table in plain text: columns as wide as their widest cell, two blanks between them. */
public final class Layout {
    private static final int WIDEST_FILE = 60;

    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /** One flag per column: whether its cells stand at its right edge, as numbers do. */
    public Layout(boolean... right) {
        this.right = right;
    }

    public void add(String... cells) {
        rows.add(cells);
    }

    @Override
    public String toString() {
        int[] widths = new int[right.length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], length(row[i]));
            }
        }
        StringBuilder text = new StringBuilder();
        rows.forEach(row -> text.append(line(widths, row)).append('\n'));
        return text.toString();
    }

    private String line(int[] widths, String... cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            line.append(i == 0 ? "" : "  ").append(pad(cells[i], widths[i], right[i]));
        }
        return line.toString().stripTrailing();
    }

    /** Fills a cell with blanks. */
    static String pad(String cell, int width, boolean right) {
        String blanks = " ".repeat(Math.max(0, width - length(cell)));
        return right ? blanks + cell : cell + blanks;
    }

    /** A column of files that are printed one by one, as wide as the widest within reason. */
    static int fileWidth(List<Path> files) {
        int widest = files.stream()
                .mapToInt(file -> length(Text.visible(file.toString())))
                .max()
                .orElse(0);
        return Math.min(WIDEST_FILE, Math.max("file".length(), widest));
    }

    /** Likewise of scenes. */
    static int labelWidth(List<String> labels) {
        return Math.max(
                "scene".length(), labels.stream().mapToInt(Layout::length).max().orElse(0));
    }

    static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
