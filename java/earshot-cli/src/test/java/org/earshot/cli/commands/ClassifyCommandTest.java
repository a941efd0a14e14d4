package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.earshot.cli.output.Answer;
import org.earshot.cli.output.PredictionCsv;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifyCommandTest {
    private static final LocalDateTime TIME = LocalDateTime.of(2023, 6, 18, 18, 44);

    @TempDir
    Path folder;

    private Path model;
    private Path noise;
    private Path tone;

    @BeforeEach
    void makeFiles() throws IOException {
        model = TestModels.quick(folder.resolve("model"));
        noise = Recordings.write(folder.resolve("noise.wav"), Recordings.noise(1, 1));
        tone = Recordings.write(folder.resolve("tone.wav"), Recordings.tone(1, 440));
    }

    private CommandRun classify(Object... args) {
        List<Object> words = new ArrayList<>(List.of("classify", "--model", model));
        words.addAll(List.of(args));
        return CommandRun.of(words.toArray());
    }

    private ScenePrediction expected(Path file, String city, LocalDateTime time) {
        try (SceneClassifier classifier = SceneClassifier.load(model)) {
            return classifier.classify(file, RecordingContext.of(city, time));
        }
    }

    private static JsonNode json(String line) throws IOException {
        return JsonMapper.builder().build().readTree(line);
    }

    @Test
    void theTableNamesFileSceneAndRunnersUp() {
        CommandRun run = classify(noise, tone, "--city", "Xi'an", "--time", "2023-06-18T18:44")
                .done();
        assertEquals(3, run.lines().size(), run.out());
        assertTrue(run.lines().get(0).matches("file +scene +probability +runners-up"), run.out());
        ScenePrediction expected = expected(noise, "Xi'an", TIME);
        String row = run.lines().get(1);
        assertTrue(row.startsWith(noise + "  " + expected.label()), row);
        assertTrue(row.contains(String.format(Locale.ROOT, "%.3f", expected.probability())), row);
        assertTrue(row.contains(expected.ranking().get(1).label()), row);
        assertTrue(row.contains(expected.ranking().get(2).label()), row);
        assertFalse(row.contains(expected.ranking().get(3).label()), row);
        assertTrue(run.lines().get(2).startsWith(tone.toString()), run.out());
        assertTrue(run.err().startsWith("earshot: model " + model + ": "), run.err());
        assertTrue(run.err().contains("scenes, "), run.err());
    }

    @Test
    void jsonHoldsBothStages() throws IOException {
        CommandRun run = CommandRun.of(
                        "classify",
                        tone,
                        "--json",
                        "--quiet",
                        "--model",
                        CommandRun.GOLDEN.resolve("se-trans-two-stage"),
                        "--city",
                        "Jinan",
                        "--time",
                        "2023-06-18T18:44")
                .done();
        JsonNode answer = json(run.lines().get(0));
        assertEquals(2, answer.get("coarse").get("ranking").size());
        double coarse = answer.get("coarse").get("probability").asDouble();
        assertTrue(coarse >= 0.5 && coarse <= 1, run.out());
        assertEquals(
                answer.get("ranking").size(), answer.get("fine").get("ranking").size());
    }

    /** What is there is classified, what is missing is said; with --strict such a recording is refused. */
    @Test
    void aDamagedRecordingIsSaidOrRefused() throws IOException {
        Path cut = Recordings.cut(Files.copy(tone, folder.resolve("cut.wav")));
        String loss = "damaged at 0.500 s: the end of the file, before that of its data, 0.500 s missing";
        CommandRun run = classify(cut, noise, "--json", "--quiet").done();
        assertEquals(loss, json(run.lines().get(0)).get("notes").get(0).asText());
        assertFalse(json(run.lines().get(1)).has("notes"), run.out());
        assertTrue(run.err().contains(cut + ": " + loss), run.err());
        assertFalse(run.err().contains("noise.wav"), run.err());

        CommandRun strict = classify(cut, noise, "--json", "--quiet", "--strict");
        assertEquals(1, strict.code());
        assertEquals(1, strict.lines().size(), strict.out());
        assertTrue(strict.err().contains("cut.wav: found damage at 0.500 s"), strict.err());

        Path output = folder.resolve("cut.npy");
        CommandRun.of("features", cut, "-o", output, "--model", model).done();
        Files.delete(output);
        CommandRun refused = CommandRun.of("features", cut, "-o", output, "--model", model, "--strict");
        assertEquals(1, refused.code(), refused.err());
        assertFalse(Files.exists(output));
    }

    @Test
    void jsonHoldsWhatTheLibrarySays() throws IOException {
        Path odd = Recordings.write(folder.resolve("odd \"name\"\n\u00e9\u4e2d.wav"), Recordings.noise(2.5, 2));
        CommandRun run = classify(odd, tone, "--json", "--quiet", "--city", "Jinan", "--time", "2023-06-18 18:44")
                .done();
        assertEquals("", run.err());
        assertEquals(2, run.lines().size());
        JsonNode first = json(run.lines().get(0));
        ScenePrediction expected = expected(odd, "Jinan", TIME);
        assertEquals(odd.toString(), first.get("file").textValue());
        assertEquals(expected.label(), first.get("label").textValue());
        assertEquals(expected.probability(), first.get("probability").floatValue(), 1e-6);
        assertEquals(10, first.get("ranking").size());
        for (int i = 0; i < 10; i++) {
            JsonNode scene = first.get("ranking").get(i);
            assertEquals(expected.ranking().get(i).label(), scene.get("label").textValue());
            assertEquals(
                    expected.ranking().get(i).probability(),
                    scene.get("probability").floatValue(),
                    1e-6);
        }
        assertEquals(expected.windows().size(), first.get("windows").size());
        assertEquals(1.0, first.get("windows").get(1).get("start").doubleValue());
        assertEquals(1.0, first.get("windows").get(1).get("length").doubleValue());
        assertFalse(json(run.lines().get(1)).has("windows"));
        assertEquals(
                1,
                json(classify(tone, "--json", "--top", 1).out()).get("ranking").size());
    }

    @Test
    void csvIsReadBackByACsvReader() throws IOException {
        Path odd = Recordings.write(folder.resolve("a, \"b\"\n\u001bc.wav"), Recordings.noise(1, 3));
        CommandRun run = classify(odd, "--csv", "--top", 2).done();
        List<CSVRecord> rows =
                CSVFormat.RFC4180.parse(new StringReader(run.out())).getRecords();
        assertEquals(
                List.of("file", "label", "probability", "label_2", "probability_2"),
                rows.get(0).toList());
        ScenePrediction expected = expected(odd, null, null);
        assertEquals(folder + "/a, \"b\"\\n\\u001bc.wav", rows.get(1).get(0));
        assertEquals(expected.label(), rows.get(1).get(1));
        assertEquals(expected.probability(), Float.parseFloat(rows.get(1).get(2)), 1e-6);
        assertEquals(expected.ranking().get(1).label(), rows.get(1).get(3));
    }

    /** A spreadsheet would run them. */
    @Test
    void csvHoldsNoFormulas() throws IOException {
        Path formula = TestModels.variant(
                folder.resolve("formula"), "\"" + expected(noise, null, null).label() + "\"", "\"=HYPERLINK(1)\"");
        model = formula;
        CommandRun run = classify(noise, "--csv").done();
        List<CSVRecord> rows =
                CSVFormat.RFC4180.parse(new StringReader(run.out())).getRecords();
        assertEquals("'=HYPERLINK(1)", rows.get(1).get(1));
        for (String name : List.of("=a.wav", "+a.wav", "-a.wav", "@a.wav", "\ta.wav")) {
            String cell = new PredictionCsv(List.of("a"), 1, List.of())
                    .row(Path.of(name), Answer.of(expected(noise, null, null)));
            assertTrue(cell.startsWith(name.startsWith("\t") ? "\\ta.wav" : "'" + name), cell);
        }
    }

    @Test
    void theStandardInputIsARecording() throws IOException {
        InputStream before = System.in;
        try {
            System.setIn(Files.newInputStream(noise));
            JsonNode answer = json(classify("-", "--json", "--quiet").done().out());
            assertEquals("-", answer.get("file").textValue());
            assertEquals(
                    expected(noise, null, null).probability(),
                    answer.get("probability").floatValue(),
                    1e-6);
            System.setIn(new ByteArrayInputStream(new byte[] {'R', 'I', 'F', 'F', 1}));
            String complaint = classify("-", "--json", "--quiet").failedInOneLine();
            assertTrue(complaint.startsWith("earshot: standard input"), complaint);
            assertFalse(complaint.contains(".part"), complaint);
            System.setIn(new ByteArrayInputStream(new byte[0]));
            assertTrue(classify("-", "--json", "--quiet").failedInOneLine().contains("standard input: found an empty"));
            assertTrue(classify("-", noise, "-").refusedInOneLine().contains("only once"));
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void theTableEscapesWhatCouldSteerATerminal() throws IOException {
        Path odd = Recordings.write(folder.resolve("a\n\u001b[2Jb.wav"), Recordings.noise(1, 3));
        CommandRun run = classify(odd).done();
        assertEquals(2, run.lines().size());
        assertTrue(run.lines().get(1).contains("a\\n\\u001b[2Jb.wav"), run.out());
        String complaint = classify("--quiet", "--json", folder.resolve("no\n\u001bne.wav"))
                .failedInOneLine();
        assertTrue(complaint.contains("no\\u000a\\u001bne.wav: found no such file"), complaint);
    }

    @Test
    void foldersKeepTheirOrderWhenManyRunAtOnce() throws IOException {
        Path many = Files.createDirectory(folder.resolve("many"));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Path file = many.resolve(String.format("%02d.wav", i));
            // The first ones take longest.
            Recordings.write(file, Recordings.noise(i < 2 ? 5 : 0.5, i));
            names.add(file.toString());
        }
        List<String> found = new ArrayList<>();
        for (String line : classify(many, "--json", "--threads", 3).done().lines()) {
            found.add(json(line).get("file").textValue());
        }
        assertEquals(names, found);
    }

    @Test
    void aBadFileIsReportedAndTheOthersGoOn() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.wav"));
        Path text = Files.writeString(folder.resolve("text.wav"), "RIFF is what this is not, in spite of its name");
        Path nan = Recordings.write(folder.resolve("nan.wav"), new float[] {0, 1, Float.NaN, 0});
        Path none = Recordings.write(folder.resolve("none.wav"), new float[0]);
        Path missing = folder.resolve("missing.wav");
        CommandRun run = classify("--quiet", "--json", empty, noise, text, nan, none, missing, tone);
        assertEquals(1, run.code());
        assertEquals(2, run.lines().size(), run.out());
        List<String> complaints = run.err().lines().toList();
        assertEquals(5, complaints.size(), run.err());
        List<Path> bad = List.of(empty, text, nan, none, missing);
        for (int i = 0; i < bad.size(); i++) {
            assertTrue(complaints.get(i).startsWith("earshot: " + bad.get(i)), complaints.get(i));
        }
    }

    @Test
    void metadataGiveEachRecordingItsContext() throws IOException {
        ScenePrediction expected = expected(noise, "Xi'an", TIME);
        String right = expected.label().toLowerCase(Locale.ROOT).replace(' ', '_');
        Path csv = Files.writeString(
                folder.resolve("metadata.csv"),
                "\uFEFFfilename,location,record_time,scene_label\nnoise.wav,\"Xi'an\",2023-06-18 18:44:00," + right
                        + "\ntone.wav,Sanya,2023-01-01 01:00,\nelsewhere.wav,Jinan,,Volcano\n");
        Path unlisted = Recordings.write(folder.resolve("unlisted.wav"), Recordings.noise(1, 9));
        CommandRun run = classify("--quiet", "--json", "--metadata", csv, noise, unlisted, tone);
        assertEquals(1, run.code());
        assertEquals(2, run.lines().size(), run.out());
        assertEquals(
                expected.probability(),
                json(run.lines().get(0)).get("probability").floatValue(),
                1e-6);
        assertEquals(
                expected(tone, "Sanya", LocalDateTime.of(2023, 1, 1, 1, 0)).probability(),
                json(run.lines().get(1)).get("probability").floatValue(),
                1e-6);
        List<String> said = run.err().lines().toList();
        assertTrue(said.get(0).contains("'Volcano'"), run.err());
        assertEquals(
                "earshot: " + unlisted + ": found no row in " + csv + "; expected one for each recording", said.get(1));
        assertEquals("earshot: accuracy 100.0 % (1 of 1), macro accuracy 100.0 % (1 classes)", said.get(2));
    }

    @Test
    void contextOptionsAreChecked() throws IOException {
        Path csv = Files.writeString(folder.resolve("metadata.csv"), "filename,location,record_time\n");
        assertTrue(classify(noise, "--time", "yesterday").refusedInOneLine().contains("found \"yesterday\""));
        assertTrue(
                classify(noise, "--time", "2023-02-30T10:00").refusedInOneLine().contains("2023-02-30"));
        assertTrue(classify(noise, "--metadata", csv, "--city", "Jinan")
                .refusedInOneLine()
                .contains("--metadata"));
        Path missing = folder.resolve("missing.csv");
        assertTrue(
                classify(noise, "--metadata", missing).failedInOneLine().contains("missing.csv: found no such file"));
    }

    @Test
    void unknownCitiesFollowTheModelsPolicy() throws IOException {
        CommandRun first = classify(noise, "--json", "--city", "Paris").done();
        assertTrue(first.err().contains("--city: found 1 of 1 recordings in cities that "), first.err());
        assertTrue(first.err().contains("\"Paris\" (1); its first city, \"Xi'an\", stands for them"), first.err());
        assertTrue(classify(noise, "--city", "Hefey").done().err().contains("did you mean Hefei?"));
        assertEquals(
                expected(noise, "Xi'an", null).probability(),
                json(first.out()).get("probability").floatValue(),
                1e-6);
        model = TestModels.variant(
                folder.resolve("strict"), "\"unknown_location\": \"first\"", "\"unknown_location\": \"error\"");
        CommandRun strict = classify("--quiet", noise, "--city", "Paris");
        assertEquals(1, strict.code());
        assertTrue(strict.err().contains("Paris"), strict.err());
        assertTrue(strict.err().startsWith("earshot: " + noise), strict.err());
        assertTrue(strict.err().contains("Xi'an"), strict.err());
        assertTrue(classify("--quiet", noise, "--city", "Xian").err().contains("did you mean Xi'an"));
    }

    @Test
    void wrongUsageIsRefused() {
        assertTrue(CommandRun.of("classify").refusedInOneLine().contains("FILE"));
        assertTrue(classify(noise, "--top", 0).refusedInOneLine().contains("--top"));
        assertTrue(classify(noise, "--top", "many").refusedInOneLine().contains("--top"));
        assertTrue(classify(noise, "--threads", 0).refusedInOneLine().contains("--threads"));
        assertTrue(classify(noise, "--window-hop", "NaN").refusedInOneLine().contains("--window-hop"));
        assertTrue(classify(noise, "--window-hop", -1).refusedInOneLine().contains("--window-hop"));
        assertTrue(classify(noise, "--window-hop", 500).refusedInOneLine().contains("--window-hop"));
        assertTrue(classify(noise, "--json", "--csv").refusedInOneLine().contains("--json"));
        assertTrue(classify(noise, "--colour").refusedInOneLine().contains("--colour"));
        assertTrue(classify(noise, "--backend", "abacus").failedInOneLine().contains("abacus"));
        assertTrue(classify(noise, "--precision", "half").refusedInOneLine().contains("float32, bf16"));
        assertTrue(classify(noise, "--backend", "portable", "--precision", "bf16")
                .failedInOneLine()
                .contains("precision bf16"));
    }

    @Test
    void windowHopSetsTheOverlap() throws IOException {
        Path longer = Recordings.write(folder.resolve("longer.wav"), Recordings.noise(3, 4));
        CommandRun run = classify(longer, "--json", "--window-hop", 0.5).done();
        assertEquals(5, json(run.out()).get("windows").size());
    }

    @Test
    void wrongModelsAreErrors() throws IOException {
        assertTrue(CommandRun.of("classify", noise, "--model", folder.resolve("none"))
                .failedInOneLine()
                .contains("nothing there"));
        assertTrue(CommandRun.of("classify", noise, "--model", noise)
                .failedInOneLine()
                .contains("a file"));
        Path unconditioned = CommandRun.GOLDEN.resolve("ascmamba-unconditioned/model.safetensors");
        assertTrue(classify(noise, "--weights", unconditioned).failedInOneLine().contains("context"));
        Path foreign = CommandRun.GOLDEN.resolve("public-code/dense_encoder.safetensors");
        CommandRun other = CommandRun.of(
                "classify",
                noise,
                "--weights",
                foreign,
                "--model",
                CommandRun.GOLDEN.resolve("ascmamba-unconditioned"));
        assertEquals(1, other.code());
        assertTrue(other.err().contains("missing (") && other.err().contains("unexpected ("), other.err());
        Path truncated = folder.resolve("truncated.safetensors");
        byte[] bytes = Files.readAllBytes(model.resolve("model.safetensors"));
        Files.write(truncated, Arrays.copyOf(bytes, bytes.length / 2));
        assertTrue(classify(noise, "--weights", truncated).failedInOneLine().contains("truncated.safetensors"));
    }

    @Test
    void checkpointsServeAsWeights() throws IOException {
        CommandRun run = classify(noise, "--json", "--weights", CommandRun.SMALL.resolve("model.pth"))
                .done();
        assertEquals(
                expected(noise, null, null).probability(),
                json(run.out()).get("probability").floatValue(),
                1e-6);
    }

    @Test
    void stackTracesAreForThoseWhoAsk() {
        Path missing = folder.resolve("missing.wav");
        assertFalse(classify(missing).err().contains("\tat "));
        assertTrue(classify(missing, "--stacktrace").err().contains("\tat "));
        assertTrue(
                CommandRun.of("-v", "classify", "--model", model, missing).err().contains("\tat "));
    }
}
