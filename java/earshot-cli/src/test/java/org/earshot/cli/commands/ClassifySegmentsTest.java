package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentationOptions;
import org.earshot.segmentation.Smoothing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code classify --segments}, and {@code --output}. Windows are of one second here. */
class ClassifySegmentsTest {
    @TempDir
    Path folder;

    private Path model;
    private Path noise;
    private Path tone;

    @BeforeEach
    void makeFiles() throws IOException {
        model = TestModels.quick(folder.resolve("model"));
        noise = Recordings.write(folder.resolve("noise.wav"), Recordings.noise(3.3, 1));
        tone = Recordings.write(folder.resolve("tone.wav"), Recordings.tone(1, 440));
    }

    private CommandRun classify(Object... args) {
        List<Object> words = new ArrayList<>(List.of("classify", "--model", model));
        words.addAll(List.of(args));
        return CommandRun.of(words.toArray());
    }

    private String segments(String format) {
        return classify(noise, "--segments", "--format", format, "--window-hop", 0.5)
                .done()
                .out();
    }

    /** What the library says. */
    private List<SceneSegment> segments(Duration hop, SegmentationOptions options) {
        try (SceneClassifier classifier =
                SceneClassifier.builder(model).windowHop(hop).load()) {
            return classifier.classify(noise, RecordingContext.unknown()).segments(options);
        }
    }

    private static String seconds(double value) {
        return String.format(Locale.ROOT, "%.6f", value);
    }

    private static String audacity(List<SceneSegment> segments) {
        StringBuilder lines = new StringBuilder();
        for (SceneSegment segment : segments) {
            lines.append(seconds(segment.startSeconds()))
                    .append('\t')
                    .append(seconds(segment.endSeconds()))
                    .append('\t')
                    .append(segment.label())
                    .append('\n');
        }
        return lines.toString();
    }

    @Test
    void segmentsHaveEveryFormat() throws IOException {
        SceneSegment only =
                segments(Duration.ofMillis(500), SegmentationOptions.defaults()).get(0);
        double end = only.endSeconds();
        assertEquals(3.3, end, 1e-4);
        List<String> table = segments("table").lines().toList();
        assertTrue(table.get(0).matches("file +start +end +scene +probability"), table.toString());
        assertTrue(
                table.get(1).matches(noise + " +0:00:00\\.0 +0:00:03\\.3 +" + only.label() + " +0\\.\\d{3}"),
                table.toString());
        JsonNode json = JsonMapper.builder().build().readTree(segments("jsonl"));
        assertEquals(noise.toString(), json.get("file").textValue());
        assertEquals(end, json.get("end").doubleValue());
        assertEquals(only.label(), json.get("label").textValue());
        assertEquals(
                "file,start,end,label,probability\r\n" + noise + ",0.000000," + seconds(end) + "," + only.label() + ","
                        + only.probability() + "\r\n",
                segments("csv"));
        assertEquals(audacity(List.of(only)), segments("audacity"));
        List<String> raven = segments("raven").lines().toList();
        assertEquals(
                "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tScene"
                        + "\tProbability",
                raven.get(0));
        String selection = "1\tSpectrogram 1\t1\t0.000000\t" + seconds(end) + "\t50.0\t22050.0\t" + only.label() + "\t";
        assertTrue(raven.get(1).startsWith(selection), raven.get(1));
        String label = only.label().replace(' ', '_');
        String rttm = segments("rttm");
        assertTrue(rttm.matches("SPEAKER noise 1 0\\.000 3\\.300 <NA> <NA> " + label + " 0\\.\\d{4} <NA>\n"), rttm);
    }

    /** Ten fields to every reader, of which some split at blanks of all kinds. */
    @Test
    void rttmHasTenFieldsWhateverTheNames() throws IOException {
        for (String name : List.of("a b", "a\u00a0b", "a\u3000b", "a\u2009b", "a\tb", "a\u0085b")) {
            Path file = Files.copy(tone, folder.resolve(name + ".wav"));
            String line =
                    classify(file, "--segments", "--format", "rttm").done().out();
            assertEquals(10, line.strip().split("(?U)\\s+").length, line);
        }
    }

    /** RTTM has no folders: two recordings of one name would be one to its readers. */
    @Test
    void rttmTellsRecordingsApart() throws IOException {
        Path other =
                Files.copy(tone, Files.createDirectory(folder.resolve("other")).resolve("tone.wave"));
        assertEquals(
                "earshot: --format rttm: found one name, tone, for " + tone + " and " + other
                        + "; expected recordings that their lines can tell apart; or --format csv",
                classify(tone, other, "--segments", "--format", "rttm").failedInOneLine());
        classify(tone, noise, "--segments", "--format", "rttm").done();
        classify(tone, other, "--segments", "--format", "csv").done();
    }

    @Test
    void segmentsOfNoSceneAreAnEmptyFile() throws IOException {
        Path output = folder.resolve("segments.txt");
        for (String format : List.of("audacity", "jsonl", "rttm")) {
            classify(noise, "--segments", "--format", format, "--enter", "1", "--output", output)
                    .done();
            assertEquals("", Files.readString(output), format);
        }
        classify(noise, "--segments", "--format", "raven", "--enter", "1", "--output", output)
                .done();
        assertEquals(1, Files.readAllLines(output).size());
        classify(noise, tone, "--segments", "--format", "csv", "--output", output)
                .done();
        List<String> lines = Files.readAllLines(output);
        assertTrue(lines.get(1).startsWith(noise + ",0.000000,"), lines.toString());
        assertTrue(lines.get(lines.size() - 1).startsWith(tone + ",0.000000,1.000000,"), lines.toString());
    }

    /** A second, the length of a window here, is the default distance; smoothing is the library's. */
    @Test
    void segmentsAreTheLibrarys() {
        SegmentationOptions options = SegmentationOptions.defaults()
                .withSmoothing(new Smoothing.Median(3))
                .withThresholds(0.1, 0.9)
                .withShortestDwell(Duration.ofMillis(1500));
        String out = classify(
                        noise,
                        "--segments",
                        "--format",
                        "audacity",
                        "--smoothing",
                        "median:3",
                        "--enter",
                        0.1,
                        "--leave",
                        0.9,
                        "--shortest",
                        1.5)
                .done()
                .out();
        assertEquals(audacity(segments(Duration.ofSeconds(1), options)), out);
    }

    @Test
    void answersMayGoToAFile() throws IOException {
        Path output = folder.resolve("answers.csv");
        String printed = classify(noise, tone, "--csv").done().out();
        CommandRun run = classify(noise, tone, "--csv", "-o", output).done();
        assertEquals("", run.out());
        assertEquals(printed, Files.readString(output));
    }

    @Test
    void optionsThatContradictAreRefused() {
        assertTrue(classify(noise, "--format", "csv").refusedInOneLine().contains("give --segments too"));
        assertTrue(classify(noise, "--enter", 0.5).refusedInOneLine().contains("give --segments too"));
        assertTrue(classify(noise, "--segments", "--json").refusedInOneLine().contains("--format says how"));
        assertTrue(
                classify(noise, "--segments", "--enter", 2).refusedInOneLine().contains("threshold to enter: 2.0"));
        assertTrue(classify(noise, "--segments", "--shortest", -1)
                .refusedInOneLine()
                .contains("--shortest: found -1.0"));
        assertTrue(classify(noise, "--segments", "--smoothing", "mean")
                .refusedInOneLine()
                .contains("found \"mean\"; expected none, exponential:SECONDS"));
        assertTrue(classify(noise, "--segments", "--format", "xml")
                .refusedInOneLine()
                .contains("found \"xml\"; expected one of table, jsonl, csv, audacity, raven, rttm"));
        assertTrue(classify(noise, tone, "--segments", "--format", "audacity")
                .failedInOneLine()
                .contains("found 2 recordings; expected one, as its lines name no recording"));
        assertTrue(classify(noise, "--output", folder.resolve("none/x"))
                .failedInOneLine()
                .contains("no such folder"));
    }

    /** The scenes drawn are those that --segments tells, which need not be asked for. */
    @Test
    void thePictureShowsTheSegments() throws IOException {
        Path picture = folder.resolve("picture.SVG");
        SceneSegment only =
                segments(Duration.ofMillis(500), SegmentationOptions.defaults()).get(0);
        classify(noise, "--picture", picture, "--window-hop", 0.5).done();
        String svg = Files.readString(picture);
        assertTrue(svg.contains(">noise.wav<"), "no title");
        assertTrue(svg.contains(">" + only.label() + "  3.3 s<"), "no legend");
        classify(noise, "--picture", picture, "--enter", "1").done();
        assertFalse(Files.readString(picture).contains(only.label()), "a scene that was not entered");

        Path pixels = folder.resolve("picture.png");
        classify(noise, "--picture", pixels).done();
        assertTrue(ImageIO.read(pixels.toFile()).getWidth() > 1000);

        String refusal =
                classify(noise, "--picture", folder.resolve("picture.jpg")).refusedInOneLine();
        assertTrue(refusal.contains("expected a name that ends with .png or .svg"), refusal);
        String failure = classify(noise, tone, "--picture", pixels).failedInOneLine();
        assertTrue(failure.contains("--picture: found 2 recordings; expected one"), failure);
    }
}
