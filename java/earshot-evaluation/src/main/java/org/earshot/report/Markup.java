package org.earshot.report;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes elements, attributes and text that are well-formed both as HTML and as XML.
 *
 * <p>Whatever comes in as text or as an attribute's value is escaped, so that a name from a file cannot become markup.
 * Only names of elements and attributes are taken as they are.
 */
final class Markup {
    private static final char REPLACEMENT = '\uFFFD';
    private static final int NON_JOINER = 0x200C;
    private static final int JOINER = 0x200D;

    private final StringBuilder out = new StringBuilder(1 << 16);
    private final Deque<String> open = new ArrayDeque<>();
    private int ids;

    /** Opens an element; attributes are names and values in turn. */
    Markup open(String element, Object... attributes) {
        start(element, attributes).append('>');
        open.push(element);
        return this;
    }

    /** Closes the element that was opened last. */
    Markup close() {
        out.append("</").append(open.pop()).append(">\n");
        return this;
    }

    /** An element with nothing in it: a void element of HTML, or any of SVG. */
    Markup empty(String element, Object... attributes) {
        start(element, attributes).append("/>");
        return this;
    }

    /** An element with only text in it. */
    Markup leaf(String element, String text, Object... attributes) {
        return open(element, attributes).text(text).close();
    }

    /** A name from a file within a sentence: its direction of writing does not spread to the words around it. */
    Markup name(String name) {
        open("bdi").text(name);
        open.pop();
        out.append("</bdi>");
        return this;
    }

    /** An id that nothing else in the page has. */
    String newId() {
        return "e" + ids++;
    }

    Markup text(String text) {
        escape(text);
        return this;
    }

    /** The style sheet or the document type, which are our own. */
    Markup verbatim(String markup) {
        out.append(markup);
        return this;
    }

    /** Everything written; all elements must have been closed. */
    String finish() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("not closed: " + open);
        }
        return out.toString();
    }

    private StringBuilder start(String element, Object... attributes) {
        out.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            escape(String.valueOf(attributes[i + 1]));
            out.append('"');
        }
        return out;
    }

    /** A text as it is shown where nothing is escaped, without what an escaped one leaves out. */
    static String plain(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        text.codePoints().forEach(c -> plain.appendCodePoint(isPlain(c) ? c : REPLACEMENT));
        return plain.toString();
    }

    private void escape(String text) {
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '\n', '\t' -> out.append(' ');
                default -> out.appendCodePoint(isPlain(c) ? c : REPLACEMENT);
            }
        });
    }

    /**
     * Not a control character or half a surrogate pair, which XML forbids, nor one of those marks that turn the
     * direction of writing of what follows and so can make a name look like another. Two unseen marks are part of
     * ordinary words (in Persian, in Hindi): those that join letters or keep them apart.
     */
    private static boolean isPlain(int c) {
        if (c == NON_JOINER || c == JOINER) {
            return true;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
