package org.earshot.report;

import java.awt.image.BufferedImage;

/**
 * Draws an SVG that stands alone. Its colours are on its elements: few programs other than browsers know style sheets'
 * variables.
 */
final class FileCanvas implements Canvas {
    private final Markup file = new Markup();

    /** Begins a picture of a size, with a name and a description. */
    FileCanvas(String title, String description, double width, double height) {
        file.verbatim("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        file.open(
                "svg",
                "xmlns",
                "http://www.w3.org/2000/svg",
                "viewBox",
                "0 0 " + Numbers.place(width) + " " + Numbers.place(height),
                "width",
                Numbers.place(2 * width),
                "height",
                Numbers.place(2 * height),
                "font-family",
                "DejaVu Sans, Noto Sans, sans-serif",
                "font-size",
                Numbers.place(Svg.LETTERS));
        file.leaf("title", title).leaf("desc", description);
        box(ScenePicture.PAPER, 0, 0, width, height);
    }

    @Override
    public void image(BufferedImage image, double x, double y, double width, double height) {
        Svg.image(file, FeaturePicture.dataUri(image), x, y, width, height);
    }

    @Override
    public void box(int colour, double x, double y, double width, double height) {
        Svg.fill(file, colour, x, y, width, height);
    }

    @Override
    public void frame(double x1, double y1, double x2, double y2) {
        file.empty(
                "line",
                "stroke",
                Numbers.colour(ScenePicture.FRAME),
                "x1",
                Numbers.place(x1),
                "y1",
                Numbers.place(y1),
                "x2",
                Numbers.place(x2),
                "y2",
                Numbers.place(y2));
    }

    @Override
    public void text(Anchor anchor, double x, double y, String text) {
        text(anchor, ScenePicture.INK, x, y, text);
    }

    @Override
    public void text(int colour, double x, double y, String text) {
        text(Anchor.MIDDLE, colour, x, y, text);
    }

    private void text(Anchor anchor, int colour, double x, double y, String text) {
        file.leaf(
                "text",
                text,
                "text-anchor",
                anchor.word(),
                "fill",
                Numbers.colour(colour),
                "x",
                Numbers.place(x),
                "y",
                Numbers.place(y));
    }

    /** The file. */
    String finish() {
        return file.close().finish();
    }
}
