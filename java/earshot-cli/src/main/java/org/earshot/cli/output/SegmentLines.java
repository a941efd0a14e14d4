package org.earshot.cli.output;

import java.nio.file.Path;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentationOptions;

/** Answers as segments, one a line. */
public final class SegmentLines implements PredictionFormat {
    private final SegmentFormat format;
    private final SegmentColumns columns;
    private final SegmentationOptions segmentation;

    public SegmentLines(SegmentFormat format, SegmentColumns columns, SegmentationOptions segmentation) {
        this.format = format;
        this.columns = columns;
        this.segmentation = segmentation;
    }

    @Override
    public String header() {
        return format.header(columns);
    }

    @Override
    public String row(Path file, Answer answer) {
        StringBuilder lines = new StringBuilder();
        int number = 0;
        for (SceneSegment segment : answer.scene().segments(segmentation)) {
            number++;
            lines.append(format.line(columns, file, number, segment));
        }
        return lines.toString();
    }
}
