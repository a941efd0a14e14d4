package org.earshot.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.report.Canvas.Anchor;
import org.earshot.segmentation.SceneSegment;

/**
 * A recording's log-mel, the ribbon of its scenes below it, the time, and what the colours mean.
 *
 * @param title stands above, empty for none
 * @param timeline the recording
 */
record SceneChart(String title, SceneTimeline timeline) {
    static final double WIDTH = 720;

    private static final double LEFT = 34;
    private static final double RIGHT = 14;
    private static final double TITLE = 20;
    private static final double TOP = 14;
    private static final double PICTURE = 128;
    private static final double GAP = 4;
    private static final double RIBBON = 18;
    private static final double TICKS = 18;
    private static final double ROW = 15;
    private static final double SWATCH = 9;
    private static final double MARGIN = 5;
    private static final double LONGEST_NAME = 240;
    private static final int MOST_TICKS = 12;

    /**
     * Ten colours that the colour-blind can tell apart: "muted" of Paul Tol (Colour Schemes, SRON technical note
     * EPS/TN/09-002, 2021), and a grey. They take turns if there are more scenes.
     */
    private static final int[] COLOURS = {
        0x332288, 0x88CCEE, 0x44AA99, 0x117733, 0x999933, 0xDDCC77, 0xCC6677, 0x882255, 0xAA4499, 0x7F7F7F
    };

    private static final int WHITE = 0xFFFFFF;
    private static final int BLACK = 0x111111;

    /** A scene in the legend. */
    private record Entry(String text, int colour, double x, double y) {}

    private double top() {
        return title.isEmpty() ? TOP : TITLE + TOP;
    }

    private double ribbon() {
        return top() + PICTURE + GAP;
    }

    double height() {
        List<Entry> legend = legend();
        double last = legend.isEmpty() ? ribbon() + RIBBON + TICKS : legend.get(legend.size() - 1).y;
        return last + MARGIN + 2;
    }

    String description() {
        StringBuilder scenes = new StringBuilder("Log-mel spectrogram of " + Numbers.clock(seconds(), seconds())
                + ", low frequencies at the bottom, the louder the brighter; below it the scenes:");
        lengths().forEach((label, seconds) -> scenes.append(' ')
                .append(label)
                .append(' ')
                .append(Numbers.clock(seconds, seconds()))
                .append(';'));
        return lengths().isEmpty() ? scenes + " none." : scenes.substring(0, scenes.length() - 1) + ".";
    }

    private double seconds() {
        return timeline.spectrogram().seconds();
    }

    /** How long each scene lasts in all, in the order in which they first appear. */
    private Map<String, Double> lengths() {
        Map<String, Double> lengths = new LinkedHashMap<>();
        for (SceneSegment segment : timeline.segments()) {
            lengths.merge(segment.label(), segment.endSeconds() - segment.startSeconds(), Double::sum);
        }
        return lengths;
    }

    void draw(Canvas canvas) {
        RecordingSpectrogram spectrogram = timeline.spectrogram();
        Axis time = Axis.ofTime(seconds(), LEFT, WIDTH - RIGHT, MOST_TICKS);
        if (!title.isEmpty()) {
            canvas.text(Anchor.START, LEFT, TITLE - 4, Svg.cut(title, WIDTH - LEFT - RIGHT));
        }
        canvas.image(
                FeaturePicture.image(spectrogram.values(), spectrogram.columns(), spectrogram.bands(), 1, 1),
                LEFT,
                top(),
                time.end() - LEFT,
                PICTURE);
        canvas.text(Anchor.END, LEFT - 5, top() - 5, "kHz");
        for (BandScale.Tick tick : new BandScale(spectrogram.bands(), spectrogram::frequency, top(), PICTURE).ticks()) {
            canvas.frame(LEFT - 3, tick.place(), LEFT, tick.place());
            canvas.text(Anchor.END, LEFT - 5, tick.place() + 3.5, tick.label());
        }
        drawRibbon(canvas, time);
        double below = ribbon() + RIBBON;
        for (double tick : time.ticks()) {
            canvas.frame(time.at(tick), below, time.at(tick), below + 3);
            canvas.text(Anchor.MIDDLE, time.at(tick), below + 14, Numbers.clock(tick, seconds()));
        }
        for (Entry entry : legend()) {
            canvas.box(entry.colour, entry.x, entry.y - SWATCH + 1, SWATCH, SWATCH);
            canvas.text(Anchor.START, entry.x + SWATCH + MARGIN, entry.y, entry.text);
        }
    }

    private void drawRibbon(Canvas canvas, Axis time) {
        double y = ribbon();
        for (SceneSegment segment : timeline.segments()) {
            double start = time.at(segment.startSeconds());
            double width = time.at(Math.min(segment.endSeconds(), seconds())) - start;
            int colour = colour(segment.label());
            // A hair of the ground keeps neighbours apart that look alike.
            canvas.box(colour, start, y, width > 2 ? width - 0.75 : width, RIBBON);
            if (Svg.width(segment.label()) + 2 * MARGIN <= width) {
                canvas.text(isDark(colour) ? WHITE : BLACK, start + width / 2, y + RIBBON - 5.5, segment.label());
            }
        }
        canvas.frame(LEFT, y, time.end(), y);
        canvas.frame(LEFT, y + RIBBON, time.end(), y + RIBBON);
        canvas.frame(LEFT, y, LEFT, y + RIBBON);
        canvas.frame(time.end(), y, time.end(), y + RIBBON);
    }

    private int colour(String label) {
        return COLOURS[Math.floorMod(timeline.labels().indexOf(label), COLOURS.length)];
    }

    /** By the weights of luminance (Rec. 709). */
    private static boolean isDark(int colour) {
        return 0.2126 * (colour >> 16 & 0xFF) + 0.7152 * (colour >> 8 & 0xFF) + 0.0722 * (colour & 0xFF) < 140;
    }

    private List<Entry> legend() {
        List<Entry> entries = new ArrayList<>();
        double x = LEFT;
        double y = ribbon() + RIBBON + TICKS + ROW;
        for (Map.Entry<String, Double> scene : lengths().entrySet()) {
            String text = Svg.cut(scene.getKey(), LONGEST_NAME) + "  " + Numbers.clock(scene.getValue(), seconds());
            double width = SWATCH + MARGIN + Svg.width(text) + 3 * MARGIN;
            if (x > LEFT && x + width > WIDTH - RIGHT) {
                x = LEFT;
                y += ROW;
            }
            entries.add(new Entry(text, colour(scene.getKey()), x, y));
            x += width;
        }
        return entries;
    }

    /** Draws it into a page. */
    void write(Markup page, String name) {
        page.open("div", "class", "scroll");
        Svg svg = new Svg(page, name, description(), WIDTH, height());
        draw(new PageCanvas(svg));
        svg.finish();
        page.close();
    }
}
