package org.earshot.report;

/**
 * A drawing within the page, with a name and a description for those who cannot see it.
 *
 * <p>Lengths are CSS pixels at the size the drawing is made for; colours are classes of the style sheet, which knows
 * the light and the dark scheme.
 */
final class Svg {
    /** Width that a narrow telephone shows without scrolling. */
    static final double NARROW = 330;

    /** Size of the letters in {@code report.css}. */
    static final double LETTERS = 10;

    private static final String ELLIPSIS = "…";
    private static final double GROWTH = 1.25;

    private final Markup page;

    Svg(Markup page, String title, String description, double width, double height) {
        this.page = page;
        String name = page.newId();
        String details = page.newId();
        double narrowest = width > NARROW ? width : 0;
        page.open(
                "svg",
                "xmlns",
                "http://www.w3.org/2000/svg",
                "role",
                "img",
                "aria-labelledby",
                name + " " + details,
                "viewBox",
                "0 0 " + Numbers.place(width) + " " + Numbers.place(height),
                "style",
                "min-width:" + Numbers.place(narrowest) + "px;max-width:" + Numbers.place(GROWTH * width) + "px");
        page.leaf("title", title, "id", name).leaf("desc", description, "id", details);
    }

    Svg line(String style, double x1, double y1, double x2, double y2) {
        page.empty(
                "line",
                "class",
                style,
                "x1",
                Numbers.place(x1),
                "y1",
                Numbers.place(y1),
                "x2",
                Numbers.place(x2),
                "y2",
                Numbers.place(y2));
        return this;
    }

    Svg box(String style, double x, double y, double width, double height) {
        return box(style, x, y, width, height, 1);
    }

    Svg box(String style, double x, double y, double width, double height, double opacity) {
        page.empty(
                "rect",
                "class",
                style,
                "x",
                Numbers.place(x),
                "y",
                Numbers.place(y),
                "width",
                Numbers.place(width),
                "height",
                Numbers.place(height),
                "fill-opacity",
                Numbers.fine(opacity));
        return this;
    }

    /** A box of one colour, 0xRRGGBB, in the light and the dark scheme. */
    Svg fill(int colour, double x, double y, double width, double height) {
        fill(page, colour, x, y, width, height);
        return this;
    }

    static void fill(Markup to, int colour, double x, double y, double width, double height) {
        to.empty(
                "rect",
                "fill",
                Numbers.colour(colour),
                "x",
                Numbers.fine(x),
                "y",
                Numbers.fine(y),
                "width",
                Numbers.fine(width),
                "height",
                Numbers.fine(height));
    }

    /** @param shape in SVG's path language */
    Svg path(String style, String shape) {
        page.empty("path", "class", style, "d", shape);
        return this;
    }

    /** @param shape in SVG's path language, drawn about a point */
    Svg shape(String style, double x, double y, String shape) {
        String move = "translate(" + Numbers.place(x) + " " + Numbers.place(y) + ")";
        page.empty("path", "class", style, "transform", move, "d", shape);
        return this;
    }

    /** A picture that fills a box. */
    Svg image(String source, double x, double y, double width, double height) {
        image(page, source, x, y, width, height);
        return this;
    }

    static void image(Markup to, String source, double x, double y, double width, double height) {
        to.empty(
                "image",
                "href",
                source,
                "preserveAspectRatio",
                "none",
                "x",
                Numbers.place(x),
                "y",
                Numbers.place(y),
                "width",
                Numbers.place(width),
                "height",
                Numbers.place(height));
    }

    /** @param style where the text stands to its point: start, middle or end, and more */
    Svg text(String style, double x, double y, String text) {
        page.leaf("text", text, "class", style, "x", Numbers.place(x), "y", Numbers.place(y));
        return this;
    }

    /** A text of one colour, 0xRRGGBB, which is the style sheet's to choose otherwise. */
    Svg text(String style, double x, double y, String text, int colour) {
        String own = "fill:" + Numbers.colour(colour);
        page.leaf("text", text, "class", style, "style", own, "x", Numbers.place(x), "y", Numbers.place(y));
        return this;
    }

    /** A name from a file, cut where it is wider than its room; the whole name shows under the pointer. */
    Svg name(String style, double x, double y, String name, double room) {
        return name(style, x, y, name, room, 0);
    }

    /** A name turned upwards about its point. */
    Svg upright(String style, double x, double y, String name, double room) {
        return name(style, x, y, name, room, -90);
    }

    private Svg name(String style, double x, double y, String name, double room, int angle) {
        String cut = cut(name, room);
        String turn = "translate(" + Numbers.place(x) + " " + Numbers.place(y) + ") rotate(" + angle + ")";
        page.open("text", "class", style, "transform", turn).text(cut);
        if (!cut.equals(name)) {
            page.leaf("title", name);
        }
        page.close();
        return this;
    }

    void finish() {
        page.close();
    }

    /** Room that a text takes at most, as far as can be said without its font: measured at a wide one, DejaVu Sans. */
    static double width(String text) {
        return text.codePoints().mapToDouble(Svg::width).sum();
    }

    private static double width(int letter) {
        if (letter > 0x2E7F) {
            return LETTERS;
        }
        return switch (letter) {
            case 'i', 'j', 'l', 't', 'f', 'r', 'I', ' ', '.', ',', ':', ';', '\'', '|', '!', '(', ')', '-' ->
                0.42 * LETTERS;
            case 'm', 'w', 'M', 'W', '@', '%' -> 0.98 * LETTERS;
            default -> (Character.isUpperCase(letter) ? 0.74 : 0.63) * LETTERS;
        };
    }

    /** Cuts out the middle: names often differ in their ends. */
    static String cut(String text, double room) {
        if (width(text) <= room) {
            return text;
        }
        int[] letters = text.codePoints().toArray();
        double left = room - width(ELLIPSIS);
        int head = 0;
        int tail = letters.length;
        while (head < tail) {
            boolean first = head <= letters.length - tail;
            double next = width(letters[first ? head : tail - 1]);
            if (next > left) {
                break;
            }
            left -= next;
            if (first) {
                head++;
            } else {
                tail--;
            }
        }
        return new String(letters, 0, head).strip()
                + ELLIPSIS
                + new String(letters, tail, letters.length - tail).strip();
    }
}
