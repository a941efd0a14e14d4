package org.earshot.labelling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.audio.AudioLimits;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.Metadata;
import org.earshot.dataset.ProgressListener;
import org.earshot.dataset.RecordedFeatures;
import org.earshot.dataset.Recordings;
import org.earshot.error.ModelException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PseudoLabellingTest {
    private static final int CLIPS = 8;

    @TempDir
    Path folder;

    private final List<SceneClassifier> open = new ArrayList<>();
    private Dataset set;
    private Path output;
    private LabellingModel first;

    @BeforeEach
    void prepare() throws IOException {
        set = Recordings.set(folder, CLIPS);
        output = folder.resolve("labels.csv");
        first = model("first", "\"first\"", "\"first\"");
    }

    @AfterEach
    void close() {
        open.forEach(SceneClassifier::close);
    }

    private LabellingModel model(String name, String from, String to) throws IOException {
        Path directory = Recordings.model(folder.resolve(name), from, to);
        SceneClassifier classifier = SceneClassifier.builder(directory)
                .backend("cpu")
                .threads(1)
                .sessions(2)
                .load();
        open.add(classifier);
        return new LabellingModel(directory, classifier);
    }

    /** The same network, whose classes go by other names: never the same answer, but the same labels. */
    private LabellingModel renamed() throws IOException {
        String config = Files.readString(first.directory().resolve("config.json"));
        int start = config.indexOf('[', config.indexOf("\"labels\"")) + 1;
        List<String> labels = new ArrayList<>(first.classifier().labels());
        Collections.rotate(labels, 1);
        return model(
                "renamed",
                config.substring(start, config.indexOf(']', start)),
                labels.stream().map(label -> '"' + label + '"').collect(Collectors.joining(", ")));
    }

    private LabellingSummary run(
            Optional<LabellingModel> second, double share, boolean soft, ProgressListener progress) {
        PseudoLabelling labelling = new PseudoLabelling(set, first, second, new LabellingRule(share, 0), soft);
        RecordedFeatures features =
                new RecordedFeatures(set, first.classifier().config().features());
        return labelling.run(features, output, progress);
    }

    private ScenePrediction answer(LabellingModel model, int clip) {
        return model.classifier()
                .classify(set.clips().get(clip).audio(), set.clips().get(clip).context());
    }

    @Test
    void oneModelsAnswersAreWrittenInTheChallengesForm() throws IOException {
        LabellingSummary summary = run(Optional.empty(), 1, true, ProgressListener.none());
        assertEquals(CLIPS, summary.total().first());
        List<String> lines = Files.readAllLines(output);
        List<String> labels = first.classifier().labels();
        assertEquals(
                "filename,location,record_time,scene_label,confidence,step,first_label,second_label,p:"
                        + String.join(",p:", labels),
                lines.get(0));
        assertEquals(CLIPS + 1, lines.size());
        for (int i = 0; i < CLIPS; i++) {
            ScenePrediction expected = answer(first, i);
            StringBuilder line = new StringBuilder("clip" + i + ".wav,Xi'an,2023-06-18 18:44:0" + i + ","
                    + expected.label() + "," + expected.probability() + ",1," + expected.label() + ",");
            for (String label : labels) {
                line.append(',')
                        .append(expected.ranking().stream()
                                .filter(scene -> scene.label().equals(label))
                                .map(ScoredScene::probability)
                                .findFirst()
                                .orElseThrow());
            }
            assertEquals(line.toString(), lines.get(1 + i));
        }
        Metadata read = Metadata.read(output);
        assertEquals(CLIPS, read.rows().size());
        assertEquals(
                set.clips().get(3).context().time(),
                read.row(Path.of("clip3.wav")).orElseThrow().context().time());
    }

    @Test
    void theSurestKeepTheirLabelAndTheOthersWhereTheModelsAgree() throws IOException {
        LabellingSummary agreed = run(Optional.of(model("same", "\"first\"", "\"first\"")), 0.25, false, (i, n) -> {});
        assertEquals(List.of(2, 6, 0), counts(agreed));
        LabellingSummary disputed = run(Optional.of(renamed()), 0.25, false, ProgressListener.none());
        assertEquals(List.of(2, 0, 6), counts(disputed));
        Metadata read = Metadata.read(output);
        List<Float> confidences = IntStream.range(0, CLIPS)
                .mapToObj(clip -> answer(first, clip).probability())
                .toList();
        for (int i = 0; i < CLIPS; i++) {
            float confidence = confidences.get(i);
            long surer =
                    confidences.stream().filter(other -> other > confidence).count();
            assertEquals(surer < 2, read.row(Path.of("clip" + i + ".wav")).isPresent(), "clip " + i);
        }
        assertFalse(Files.exists(PseudoLabelling.journal(output)));
    }

    private static List<Integer> counts(LabellingSummary summary) {
        return List.of(
                summary.total().first(),
                summary.total().second(),
                summary.total().dropped());
    }

    @Test
    void labelsInAnotherOrderAreMappedByName() throws IOException {
        LabellingModel second = renamed();
        // Each answer of the renamed network is the first one's label by position, not by name.
        List<String> before = first.classifier().labels();
        List<String> after = second.classifier().labels();
        run(Optional.of(second), 1, false, ProgressListener.none());
        List<String> lines = Files.readAllLines(output);
        for (int i = 0; i < CLIPS; i++) {
            String[] cells = lines.get(1 + i).split(",", -1);
            assertEquals(after.get(before.indexOf(cells[6])), cells[7]);
        }
    }

    @Test
    void modelsOfOtherLabelsAreRefusedBeforeAnyWork() throws IOException {
        LabellingModel other = model("other", "\"Bar\"", "\"Library\"");
        String message = assertThrows(
                        ModelException.class,
                        () -> new PseudoLabelling(set, first, Optional.of(other), new LabellingRule(0.9, 0), false))
                .getMessage();
        assertTrue(message.contains("without \"Bar\", with \"Library\""), message);
    }

    private static final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private List<Integer> interrupt(Optional<LabellingModel> second, int at) {
        List<Integer> told = new ArrayList<>();
        assertThrows(
                Stop.class,
                () -> run(second, 0.9, true, (done, total) -> {
                    told.add(done);
                    if (done == at) {
                        throw new Stop();
                    }
                }));
        assertFalse(Files.exists(output));
        return told;
    }

    private List<Integer> finish(Optional<LabellingModel> second) {
        List<Integer> told = new ArrayList<>();
        run(second, 0.9, true, (done, total) -> told.add(done));
        return told;
    }

    @Test
    void anInterruptedRunLosesAndRepeatsNothing() throws IOException {
        Optional<LabellingModel> second = Optional.of(renamed());
        assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8), finish(second));
        byte[] whole = Files.readAllBytes(output);
        Files.delete(output);
        assertEquals(List.of(1, 2, 3), interrupt(second, 3));
        assertEquals(List.of(4, 5), interrupt(second, 5));
        assertEquals(List.of(6, 7, 8), finish(second));
        assertEquals(new String(whole, StandardCharsets.UTF_8), Files.readString(output));
        assertFalse(Files.exists(PseudoLabelling.journal(output)));
    }

    @Test
    void aLineThatIsNotWholeIsScoredAgain() throws IOException {
        finish(Optional.empty());
        String whole = Files.readString(output);
        Path journal = PseudoLabelling.journal(output);
        for (String damage : List.of("cut", "no line feed", "other digit", "head")) {
            Files.delete(output);
            interrupt(Optional.empty(), 4);
            String text = Files.readString(journal);
            int fourth = text.lastIndexOf('\n', text.length() - 2) + 1;
            int next =
                    switch (damage) {
                        case "cut" -> {
                            Files.writeString(journal, text.substring(0, text.length() - 7));
                            yield 4;
                        }
                        case "no line feed" -> {
                            Files.writeString(journal, text.substring(0, text.length() - 1));
                            yield 4;
                        }
                        case "other digit" -> {
                            char digit = text.charAt(fourth + 4) == '1' ? '2' : '1';
                            Files.writeString(
                                    journal, text.substring(0, fourth + 4) + digit + text.substring(fourth + 5));
                            yield 4;
                        }
                        default -> {
                            Files.writeString(journal, text.substring(0, 20));
                            yield 1;
                        }
                    };
            assertEquals(next, finish(Optional.empty()).get(0), damage);
            assertEquals(whole, Files.readString(output), damage);
        }
    }

    @Test
    void theJournalOfAnotherRunIsRefusedAndStays() throws IOException {
        interrupt(Optional.empty(), 2);
        Path journal = PseudoLabelling.journal(output);
        byte[] bytes = Files.readAllBytes(journal);
        Optional<LabellingModel> second = Optional.of(renamed());
        DatasetException e = assertThrows(DatasetException.class, () -> finish(second));
        assertTrue(e.getMessage().contains("labels.csv.part: found the scores of other models"), e.getMessage());
        PseudoLabelling labelling = new PseudoLabelling(set, first, Optional.empty(), new LabellingRule(0.9, 0), true);
        RecordedFeatures strict = new RecordedFeatures(
                set,
                first.classifier().config().features(),
                AudioLimits.defaults().withStrict(true));
        assertThrows(DatasetException.class, () -> labelling.run(strict, output, ProgressListener.none()));
        Recordings.write(folder.resolve("clip7.wav"), Recordings.noise(0.31, 5));
        assertThrows(DatasetException.class, () -> finish(Optional.empty()));
        assertEquals(List.of(bytes.length), List.of(Files.readAllBytes(journal).length));
        Files.writeString(journal, "a file of the user's");
        assertThrows(DatasetException.class, () -> finish(Optional.empty()));
        assertEquals("a file of the user's", Files.readString(journal));
    }
}
