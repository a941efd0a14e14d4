package org.earshot.cli.output;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.earshot.dataset.CsvText;
import org.earshot.features.FeatureParameters;
import org.earshot.segmentation.SceneSegment;

/** How segments are written. A file without any is valid: what stands above the first one, or nothing. */
public enum SegmentFormat {
    /** For the eye. */
    TABLE {
        @Override
        String header(SegmentColumns columns) {
            return columns.line("file", "start", "end", "scene", "probability");
        }

        @Override
        String line(SegmentColumns columns, Path file, int number, SceneSegment segment) {
            return columns.line(
                    Text.visible(file.toString()),
                    SegmentColumns.clock(segment.start()),
                    SegmentColumns.clock(segment.end()),
                    Text.visible(segment.label()),
                    decimals(3, segment.probability()));
        }
    },
    /** One JSON object a segment, its times in seconds. */
    JSONL {
        @Override
        String line(SegmentColumns columns, Path file, int number, SceneSegment segment) {
            return Json.line(json -> {
                json.writeStringField("file", file.toString());
                json.writeNumberField("start", segment.startSeconds());
                json.writeNumberField("end", segment.endSeconds());
                json.writeStringField("label", segment.label());
                json.writeNumberField("probability", segment.probability());
            });
        }
    },
    /** {@code file,start,end,label,probability}, times in seconds. */
    CSV {
        @Override
        String header(SegmentColumns columns) {
            return "file,start,end,label,probability\r\n";
        }

        @Override
        String line(SegmentColumns columns, Path file, int number, SceneSegment segment) {
            return CSVFormat.RFC4180.format(
                            CsvText.cell(Text.visible(file.toString())),
                            decimals(6, segment.startSeconds()),
                            decimals(6, segment.endSeconds()),
                            CsvText.cell(Text.visible(segment.label())),
                            segment.probability())
                    + "\r\n";
        }
    },
    /** A label track of Audacity: start, end, label, separated by tabs. It names no recording. */
    AUDACITY {
        @Override
        boolean namesRecordings() {
            return false;
        }

        @Override
        String line(SegmentColumns columns, Path file, int number, SceneSegment segment) {
            return decimals(6, segment.startSeconds()) + "\t" + decimals(6, segment.endSeconds()) + "\t"
                    + Text.visible(segment.label()) + "\n";
        }
    },
    /** A selection table of Raven: over all frequencies that the model hears. It belongs to one recording. */
    RAVEN {
        @Override
        boolean namesRecordings() {
            return false;
        }

        @Override
        String header(SegmentColumns columns) {
            return "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tScene"
                    + "\tProbability\n";
        }

        @Override
        String line(SegmentColumns columns, Path file, int number, SceneSegment segment) {
            FeatureParameters features = columns.features();
            return String.join(
                            "\t",
                            Integer.toString(number),
                            "Spectrogram 1",
                            "1",
                            decimals(6, segment.startSeconds()),
                            decimals(6, segment.endSeconds()),
                            decimals(1, features.minimumFrequency()),
                            decimals(1, features.maximumFrequency()),
                            Text.visible(segment.label()),
                            decimals(4, segment.probability()))
                    + "\n";
        }
    },
    /** NIST's Rich Transcription Time Marked: fields without blanks, of which underscores stand instead. */
    RTTM {
        @Override
        String name(Path file) {
            return field(stem(file));
        }

        @Override
        String line(SegmentColumns columns, Path file, int number, SceneSegment segment) {
            double duration = segment.endSeconds() - segment.startSeconds();
            return "SPEAKER " + name(file) + " 1 " + decimals(3, segment.startSeconds()) + " "
                    + decimals(3, duration) + " <NA> <NA> " + field(segment.label()) + " "
                    + decimals(4, segment.probability()) + " <NA>\n";
        }
    };

    /** What stands above the first segment. */
    String header(SegmentColumns columns) {
        return "";
    }

    /** One segment. */
    abstract String line(SegmentColumns columns, Path file, int number, SceneSegment segment);

    /** What lines call a recording. */
    String name(Path file) {
        return file.toString();
    }

    /** Whether segments of several recordings can stand in one file. */
    boolean namesRecordings() {
        return true;
    }

    /** What the command line calls it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Complains of several recordings in a format for one.
     *
     * @throws CommandException if there are, and it is
     */
    public void requireRoomFor(List<Path> files) {
        if (files.size() > 1 && !namesRecordings()) {
            throw new CommandException(
                    "--format " + word(), files.size() + " recordings", "one, as its lines name no recording");
        }
        Map<String, Path> names = new HashMap<>();
        for (Path file : files) {
            Path before = names.put(name(file), file);
            if (before != null && !before.equals(file)) {
                throw new CommandException(
                        "--format " + word(),
                        "one name, " + name(file) + ", for " + Text.visible(before.toString()) + " and "
                                + Text.visible(file.toString()),
                        "recordings that their lines can tell apart; or --format csv");
            }
        }
    }

    private static String decimals(int digits, double value) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String field(String text) {
        // Readers in Python split at all of Unicode's blanks.
        return Text.visible(text).replaceAll("(?U)\\s", "_");
    }

    private static String stem(Path file) {
        Path name = file.getFileName();
        String text = name == null ? file.toString() : name.toString();
        int dot = text.lastIndexOf('.');
        return dot > 0 ? text.substring(0, dot) : text;
    }
}
