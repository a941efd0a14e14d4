package org.earshot.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;

/** Draws pixels, two to a unit of length. Needs a font, which a Java runtime takes from the system. */
final class RasterCanvas implements Canvas {
    private static final int SCALE = 2;

    private final BufferedImage pixels;
    private final Graphics2D graphics;
    private final FontMetrics metrics;

    /**
     * Begins a picture of a size.
     *
     * @throws IOException if the system has no font
     */
    RasterCanvas(double width, double height) throws IOException {
        pixels = new BufferedImage(
                (int) Math.ceil(SCALE * width), (int) Math.ceil(SCALE * height), BufferedImage.TYPE_INT_RGB);
        graphics = pixels.createGraphics();
        graphics.scale(SCALE, SCALE);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        graphics.setStroke(new BasicStroke(1f / SCALE));
        metrics = metrics(graphics);
        box(ScenePicture.PAPER, 0, 0, width, height);
    }

    /** What a font-less system makes of this differs from one Java to the next: exceptions of its own, and errors. */
    private static FontMetrics metrics(Graphics2D graphics) throws IOException {
        try {
            graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, (int) Svg.LETTERS));
            FontMetrics metrics = graphics.getFontMetrics();
            metrics.stringWidth("0");
            return metrics;
        } catch (RuntimeException | LinkageError | InternalError e) {
            throw new IOException(
                    "Java finds no font to write with: install fontconfig and a font, such as fonts-dejavu-core, or"
                            + " have an SVG drawn",
                    e);
        }
    }

    @Override
    public void image(BufferedImage image, double x, double y, double width, double height) {
        // Onto whole pixels, so that neighbouring bands stay apart.
        graphics.drawImage(
                image,
                (int) Math.round(x),
                (int) Math.round(y),
                (int) Math.round(x + width),
                (int) Math.round(y + height),
                0,
                0,
                image.getWidth(),
                image.getHeight(),
                null);
    }

    @Override
    public void box(int colour, double x, double y, double width, double height) {
        graphics.setColor(new Color(colour));
        graphics.fill(new Rectangle2D.Double(x, y, width, height));
    }

    @Override
    public void frame(double x1, double y1, double x2, double y2) {
        graphics.setColor(new Color(ScenePicture.FRAME));
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
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
        String plain = Markup.plain(text);
        double before =
                switch (anchor) {
                    case START -> 0;
                    case MIDDLE -> metrics.stringWidth(plain) / 2.0;
                    case END -> metrics.stringWidth(plain);
                };
        graphics.setColor(new Color(colour));
        graphics.drawString(plain, (float) (x - before), (float) y);
    }

    /** Writes the picture as PNG. */
    void finish(OutputStream out) throws IOException {
        graphics.dispose();
        FeaturePicture.png(pixels, out);
    }
}
