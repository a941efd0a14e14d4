package org.earshot.report;

import java.awt.image.BufferedImage;
import java.util.Locale;

/**
 * What a picture is drawn on: a page, a file of its own, or pixels. Lengths are as in {@link Svg}; whoever makes it
 * chooses the colours of its ink and of its frames.
 */
interface Canvas {
    /** Where a text stands to its point. */
    enum Anchor {
        START,
        MIDDLE,
        END;

        /** SVG's word for it, and the style sheet's. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A picture that fills a box. */
    void image(BufferedImage image, double x, double y, double width, double height);

    /** A box of one colour, 0xRRGGBB. */
    void box(int colour, double x, double y, double width, double height);

    /** A line in the frames' colour. */
    void frame(double x1, double y1, double x2, double y2);

    /** A text in the ink's colour. */
    void text(Anchor anchor, double x, double y, String text);

    /** A text of a given colour, in the middle of a box that was drawn. */
    void text(int colour, double x, double y, String text);
}
