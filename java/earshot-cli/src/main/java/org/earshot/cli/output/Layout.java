package org.earshot.cli.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table in plain text: columns as wide as their widest cell, two blanks between them. */
public final class Layout {
    private static final int WIDEST_FILE = 60;

    /** What is in a column's cells, and so where in it they stand. */
    public enum Column {
        /** At its left edge. */
        TEXT,
        /** At its right edge. */
        NUMBER
    }

    private final List<Column> columns;
    private final List<String[]> rows = new ArrayList<>();

    public Layout(Column... columns) {
        this.columns = List.of(columns);
    }

    /** A column of text, and so many of numbers behind it. */
    public static Layout ofNumbers(int count) {
        Column[] columns = new Column[count + 1];
        Arrays.fill(columns, Column.NUMBER);
        columns[0] = Column.TEXT;
        return new Layout(columns);
    }

    public void add(String... cells) {
        rows.add(cells);
    }

    @Override
    public String toString() {
        int[] widths = new int[columns.size()];
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
            line.append(i == 0 ? "" : "  ").append(pad(cells[i], widths[i], columns.get(i)));
        }
        return line.toString().stripTrailing();
    }

    /** Fills a cell with blanks. */
    static String pad(String cell, int width, Column column) {
        String blanks = " ".repeat(Math.max(0, width - length(cell)));
        return column == Column.NUMBER ? blanks + cell : cell + blanks;
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
