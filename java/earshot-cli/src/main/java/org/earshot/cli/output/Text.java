package org.earshot.cli.output;

import java.util.Locale;

/** Foreign text made fit for a terminal. */
public final class Text {
    private Text() {}

    /**
     * Shows what could break a line or steer a terminal (control, format and unpaired surrogate characters) as an
     * escape.
     */
    public static String visible(String text) {
        return visible(text, false);
    }

    /** As {@link #visible(String)}, but line feeds are kept: the library's longer messages are lists. */
    static String visibleLines(String text) {
        return visible(text, true);
    }

    private static String visible(String text, boolean keepLines) {
        StringBuilder visible = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> {
                    if (keepLines && c == '\n') {
                        visible.append('\n');
                    } else {
                        visible.append(escape(c));
                    }
                }
                default -> visible.appendCodePoint(c);
            }
        });
        return visible.toString();
    }

    private static String escape(int c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format(Locale.ROOT, "\\u%04x", c);
        };
    }
}
