package org.earshot.cli.output;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.earshot.features.FeatureParameters;

/** What lines of segments have in common: the table's widths, and what the model hears. */
public final class SegmentColumns {
    /** As wide as the clock of a recording of 99 hours. */
    private static final int CLOCK = "99:59:59.9".length();

    private final int fileWidth;
    private final int labelWidth;
    private final FeatureParameters features;

    public SegmentColumns(List<Path> files, List<String> labels, FeatureParameters features) {
        fileWidth = Layout.fileWidth(files);
        labelWidth = Layout.labelWidth(labels);
        this.features = features;
    }

    FeatureParameters features() {
        return features;
    }

    String line(String file, String start, String end, String label, String probability) {
        return (Layout.pad(file, fileWidth, TEXT)
                                + "  " + Layout.pad(start, CLOCK, NUMBER)
                                + "  " + Layout.pad(end, CLOCK, NUMBER)
                                + "  " + Layout.pad(label, labelWidth, TEXT)
                                + "  " + probability)
                        .stripTrailing()
                + "\n";
    }

    /** Hours, minutes, seconds and tenths. */
    public static String clock(Duration time) {
        long tenths = Math.round(time.toNanos() / 1e8);
        long seconds = tenths / 10;
        return String.format(
                Locale.ROOT, "%d:%02d:%02d.%d", seconds / 3600, seconds / 60 % 60, seconds % 60, tenths % 10);
    }
}
