package org.earshot.report;

import java.awt.image.BufferedImage;

/** Draws into a report, in the colours of its style sheet. */
record PageCanvas(Svg svg) implements Canvas {
    @Override
    public void image(BufferedImage image, double x, double y, double width, double height) {
        svg.image(FeaturePicture.dataUri(image), x, y, width, height);
    }

    @Override
    public void box(int colour, double x, double y, double width, double height) {
        svg.fill(colour, x, y, width, height);
    }

    @Override
    public void frame(double x1, double y1, double x2, double y2) {
        svg.line("frame", x1, y1, x2, y2);
    }

    @Override
    public void text(Anchor anchor, double x, double y, String text) {
        svg.text(anchor.word(), x, y, text);
    }

    @Override
    public void text(int colour, double x, double y, String text) {
        svg.text(Anchor.MIDDLE.word(), x, y, text, colour);
    }
}
