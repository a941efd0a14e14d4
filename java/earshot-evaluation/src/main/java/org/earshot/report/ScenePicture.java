package org.earshot.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A recording's log-mel with the ribbon of its scenes and the time, as a file of its own. */
public final class ScenePicture {
    static final int PAPER = 0xFFFFFF;
    static final int INK = 0x1B1F24;
    static final int FRAME = 0x57606A;

    private ScenePicture() {}

    /**
     * Draws it as PNG.
     *
     * @param out where to; left open
     * @param title stands above it, such as the recording's name
     * @param timeline the recording and its scenes
     * @throws IOException if it cannot be written, or if the system has no font
     */
    public static void writePng(OutputStream out, String title, SceneTimeline timeline) throws IOException {
        SceneChart chart = new SceneChart(title, timeline);
        RasterCanvas canvas = new RasterCanvas(SceneChart.WIDTH, chart.height());
        chart.draw(canvas);
        canvas.finish(out);
    }

    /**
     * Draws it as SVG, which needs nothing else; its text can be searched.
     *
     * @param out where to; left open
     * @param title stands above it, such as the recording's name
     * @param timeline the recording and its scenes
     * @throws IOException if it cannot be written
     */
    public static void writeSvg(OutputStream out, String title, SceneTimeline timeline) throws IOException {
        SceneChart chart = new SceneChart(title, timeline);
        FileCanvas canvas = new FileCanvas(title, chart.description(), SceneChart.WIDTH, chart.height());
        chart.draw(canvas);
        out.write(canvas.finish().getBytes(StandardCharsets.UTF_8));
    }
}
