package org.earshot.dataset;

import java.util.regex.Pattern;

/**
 * Text in CSV files that a spreadsheet may open. A cell that begins like a formula gets an apostrophe in front, by
 * which a spreadsheet knows text; {@link #original} takes it away again, so that our own files are read back as they
 * were.
 */
public final class CsvText {
    /** What spreadsheets take for the start of a formula, some of them behind blanks. */
    private static final Pattern FORMULA =
            Pattern.compile("\\s*'*\\s*[=+\\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20].*", Pattern.DOTALL);

    private static final char TEXT = '\'';

    private CsvText() {}

    /**
     * Makes a cell of text.
     *
     * @param text any
     * @return the same, or with an apostrophe in front
     */
    public static String cell(String text) {
        return FORMULA.matcher(text).matches() ? TEXT + text : text;
    }

    /**
     * The text that a cell was made of.
     *
     * @param cell as it stands in the file
     * @return what {@link #cell} was given
     */
    static String original(String cell) {
        boolean marked = !cell.isEmpty()
                && cell.charAt(0) == TEXT
                && FORMULA.matcher(cell.substring(1)).matches();
        return marked ? cell.substring(1) : cell;
    }
}
