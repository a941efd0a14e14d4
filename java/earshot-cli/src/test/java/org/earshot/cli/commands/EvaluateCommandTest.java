package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.earshot.dataset.Metadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
    private static final Path SAMPLES = Path.of("../../tools/samples");
    private static final Path DEMO = Path.of("../../tools/demo-model");

    @TempDir
    Path folder;

    private static JsonNode json(String text) throws IOException {
        return JsonMapper.builder().build().readTree(text);
    }

    private static CommandRun evaluate(Object... args) {
        List<Object> words = new ArrayList<>(List.of("evaluate"));
        words.addAll(List.of(args));
        return CommandRun.of(words.toArray());
    }

    /** Twelve recordings of one second; the last has no label. */
    private Path set() throws IOException {
        StringBuilder csv = new StringBuilder("filename,location,record_time,scene_label\n");
        for (int i = 0; i < 12; i++) {
            Recordings.write(
                    folder.resolve(i + ".wav"), i % 2 == 0 ? Recordings.noise(1, i) : Recordings.tone(1, 100 * i));
            String label = List.of("Bus", "airport", "METRO").get(i % 3);
            csv.append(i + ".wav," + (i == 3 ? "" : i % 2 == 0 ? "Jinan" : "Xi'an") + ",2023-06-18 0" + i % 7
                    + ":44:00," + (i == 11 ? "" : label) + "\n");
        }
        return Files.writeString(folder.resolve("set.csv"), csv);
    }

    @Test
    void jsonAgreesWithACountOfSingleAnswers() throws IOException {
        Path quick = TestModels.quick(folder.resolve("model"));
        Path set = set();
        for (Path model : List.of(quick, CommandRun.GOLDEN.resolve("se-trans-two-stage"))) {
            int right = 0;
            Map<String, Integer> cells = new HashMap<>();
            try (SceneClassifier classifier = SceneClassifier.load(model)) {
                for (Metadata.Row row : Metadata.read(set).rows()) {
                    if (row.label() == null) {
                        continue;
                    }
                    ScenePrediction prediction = classifier.classify(folder.resolve(row.fileName()), row.context());
                    String truth = classifier.labels().stream()
                            .filter(row.label()::equalsIgnoreCase)
                            .findFirst()
                            .orElseThrow();
                    right += truth.equals(prediction.label()) ? 1 : 0;
                    cells.merge(truth + ">" + prediction.label(), 1, Integer::sum);
                }
            }
            JsonNode answer = json(evaluate(model, "--metadata", set, "--audio", folder, "--json", "-")
                    .done()
                    .out());
            assertEquals(11, answer.get("clips").intValue());
            JsonNode found = answer.get("models").get(0);
            assertEquals(right / 11.0, found.get("accuracy").get("value").doubleValue(), 1e-12);
            JsonNode labels = found.get("confusion").get("labels");
            JsonNode counts = found.get("confusion").get("counts");
            int sum = 0;
            for (int truth = 0; truth < labels.size(); truth++) {
                for (int guess = 0; guess < labels.size(); guess++) {
                    String cell = labels.get(truth).textValue() + ">"
                            + labels.get(guess).textValue();
                    assertEquals(
                            cells.getOrDefault(cell, 0),
                            counts.get(truth).get(guess).intValue(),
                            cell);
                    sum += counts.get(truth).get(guess).intValue();
                }
            }
            assertEquals(11, sum);
            assertTrue(found.get("classes").get(3).get("recall").isNull());
            assertEquals(11 - right, found.get("mistakes").size());
            List<String> cities = new ArrayList<>();
            found.get("cities")
                    .forEach(city -> cities.add(
                            city.get("group").textValue() + city.get("clips").intValue()));
            assertEquals(List.of("Jinan6", "Xi'an4", "unknown1"), cities);
        }
    }

    @Test
    void modelsStandSideBySideWithCurvesAndAReport() throws IOException {
        Path json = folder.resolve("all.json");
        Path report = folder.resolve("report.html");
        Path reordered = folder.resolve("reordered");
        TestModels.variant(reordered, "\"Bus\",\n  \"Airport\"", "\"Airport\",\n  \"Bus\"");
        Object[] args = {
            DEMO,
            CommandRun.GOLDEN.resolve("mobile-asc-net-none"),
            "--metadata",
            SAMPLES.resolve("metadata.csv"),
            "--audio",
            SAMPLES,
            "--metadata-shuffle",
            "5,50",
            "--unseen-cities",
            "--repeats",
            2,
            "--json",
            json,
            "--report",
            report,
            "--cache",
            folder.resolve("cache.safetensors")
        };
        CommandRun run = evaluate(args).done();
        JsonNode models = json(Files.readString(json)).get("models");
        // The demonstration model knows these scenes: tools/demo-model/README.md.
        assertTrue(models.get(0).get("accuracy").get("value").doubleValue() >= 0.8, run.out());
        assertEquals(2, models.get(0).get("curves").size());
        JsonNode points = models.get(0).get("curves").get(0).get("points");
        assertEquals(3, points.size());
        assertEquals(
                models.get(0).get("accuracy").get("value").doubleValue(),
                points.get(0).get("accuracy").doubleValue());
        assertEquals(2, points.get(2).get("runs").intValue());
        assertEquals(0, models.get(1).get("curves").size());
        assertTrue(run.out().contains("contexts permuted among"), run.out());
        assertTrue(run.out().contains("unseen cities told to"), run.out());
        assertTrue(run.err().contains("--metadata-shuffle 5: of 10 clips that is 1,"), run.err());
        assertTrue(Files.readString(report).contains("<svg"));
        String first = Files.readString(json);
        assertEquals(run.out(), evaluate(args).done().out());
        assertEquals(first, Files.readString(json));
        JsonNode swapped = json(evaluate(
                                CommandRun.SMALL,
                                reordered,
                                "--metadata",
                                SAMPLES.resolve("metadata.csv"),
                                "--audio",
                                SAMPLES,
                                "--json",
                                "-")
                        .done()
                        .out())
                .get("models");
        // Both have the same weights; the second calls bus airport and airport bus.
        JsonNode one = swapped.get(0).get("confusion").get("counts");
        JsonNode two = swapped.get(1).get("confusion").get("counts");
        for (int truth = 0; truth < 10; truth++) {
            assertEquals(one.get(truth).get(0), two.get(truth).get(1));
            assertEquals(one.get(truth).get(1), two.get(truth).get(0));
            assertEquals(one.get(truth).get(5), two.get(truth).get(5));
        }
    }

    @Test
    void badInputIsRefusedBeforeTheWork() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path set = set();
        Path longer = TestModels.variant(folder.resolve("longer"), "\"frames\": 500", "\"frames\": 51");
        String complaint =
                evaluate(model, longer, "--metadata", set, "--audio", folder).failedInOneLine();
        assertTrue(complaint.contains("features.frames: found 51; expected 50"), complaint);
        Path other = TestModels.variant(folder.resolve("other"), "\"Bus\"", "\"Tram\"");
        complaint = evaluate(CommandRun.SMALL, other, "--metadata", set, "--audio", folder)
                .failedInOneLine();
        assertTrue(complaint.contains("labels: found [Tram"), complaint);
        Path unknown = Files.writeString(
                folder.resolve("unknown.csv"), Files.readString(set).replace("METRO", "Volcano"));
        complaint = evaluate(model, "--metadata", unknown, "--audio", folder).failedInOneLine();
        assertTrue(complaint.contains("found \"Volcano\""), complaint);
        Path none = Files.writeString(
                folder.resolve("none.csv"), "filename,location,record_time,scene_label\n0.wav,Jinan,,\n");
        complaint = evaluate(model, "--metadata", none, "--audio", folder).failedInOneLine();
        assertTrue(complaint.contains("no row with a label"), complaint);
        Files.delete(folder.resolve("4.wav"));
        complaint = evaluate(model, "--metadata", set, "--audio", folder).failedInOneLine();
        assertTrue(complaint.contains("without a file"), complaint);
        complaint = evaluate(model, "--metadata", set, "--audio", folder, "--json", folder.resolve("no/x.json"))
                .failedInOneLine();
        assertTrue(complaint.contains("no such folder"), complaint);
        assertFalse(Files.exists(folder.resolve("no")));
        evaluate(model, "--metadata", set, "--audio", folder, "--metadata-shuffle", "0")
                .refusedInOneLine();
        evaluate(model, "--metadata", set, "--audio", folder, "--bins", 0).refusedInOneLine();
    }

    /**
     * Unreadable recordings are all listed, after the tables, and a failure; asked for, a success that is still said.
     */
    @Test
    void unreadableRecordingsAreLeftOutAndListed() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path set = set();
        Files.write(folder.resolve("4.wav"), new byte[20]);
        Files.writeString(folder.resolve("9.wav"), "no sound");
        for (boolean cached : new boolean[] {false, true}) {
            List<Object> args = new ArrayList<>(List.of(model, "--metadata", set, "--audio", folder));
            if (cached) {
                args.addAll(List.of("--cache", folder.resolve("cache")));
            }
            CommandRun run = evaluate(args.toArray());
            assertEquals(1, run.code());
            assertTrue(run.out().startsWith("set.csv: 9 clips\n"), run.out());
            List<String> said = run.err().lines().toList();
            assertEquals("earshot: 2 of 11 recordings cannot be read and were left out:", said.get(said.size() - 3));
            assertTrue(said.get(said.size() - 2).startsWith("earshot: " + folder.resolve("4.wav") + ": "), run.err());
            assertTrue(said.get(said.size() - 1).startsWith("earshot: " + folder.resolve("9.wav")), run.err());
            args.add("--skip-unreadable");
            CommandRun skipped = evaluate(args.toArray()).done();
            assertEquals(run.out(), skipped.out());
            assertTrue(skipped.err().contains("2 of 11 recordings cannot be read"), skipped.err());
        }
        for (int i = 0; i < 12; i++) {
            Files.write(folder.resolve(i + ".wav"), new byte[20]);
        }
        CommandRun none = evaluate(model, "--metadata", set, "--audio", folder, "--skip-unreadable");
        assertEquals(1, none.code());
        assertEquals("", none.out());
        assertTrue(none.err().contains("11 of 11 recordings cannot be read"), none.err());
        assertTrue(none.err().contains("no recording that can be read, of 11"), none.err());
    }

    /** Whether the features come from the recordings or from a cache that an earlier run without --strict filled. */
    @Test
    void damagedRecordingsAreSaidOrRefused() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path set = set();
        Path cut = Recordings.cut(folder.resolve("4.wav"));
        for (boolean cached : new boolean[] {false, true}) {
            List<Object> args = new ArrayList<>(List.of(model, "--metadata", set, "--audio", folder));
            if (cached) {
                args.addAll(List.of("--cache", folder.resolve("cache")));
            }
            CommandRun run = evaluate(args.toArray()).done();
            assertTrue(run.out().startsWith("set.csv: 11 clips\n"), run.out());
            assertTrue(run.err().contains(cut + ": damaged at 0.500 s"), run.err());
            args.add("--strict");
            CommandRun strict = evaluate(args.toArray());
            assertEquals(1, strict.code());
            assertTrue(strict.out().startsWith("set.csv: 10 clips\n"), strict.out());
            assertTrue(strict.err().contains("1 of 11 recordings cannot be read"), strict.err());
            assertTrue(strict.err().contains(cut + ": found damage at 0.500 s"), strict.err());
            args.add("--skip-unreadable");
            evaluate(args.toArray()).done();
        }
    }

    @Test
    void outputsAreProvedWritableBeforeTheWork() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path set = set();
        // Before the models are loaded: nothing is said of them. Neither may root write there.
        for (Path output : List.of(
                Path.of("/proc/report.html"),
                folder.resolve("x".repeat(300)),
                folder.resolve("none/x.html"),
                Path.of("/dev/null"),
                folder)) {
            for (String option : List.of("--report", "--json")) {
                String complaint = evaluate(model, "--metadata", set, "--audio", folder, option, output)
                        .failedInOneLine();
                assertTrue(complaint.startsWith("earshot: " + output + ": found "), complaint);
                assertFalse(complaint.contains(".part"), complaint);
            }
        }
    }

    /** The folder goes while the models work. */
    @Test
    void theTablesArePrintedAlthoughNothingCanBeWritten() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path set = set();
        Path place = Files.createDirectory(folder.resolve("place"));
        StringWriter out = new StringWriter();
        StringWriter said = new StringWriter() {
            @Override
            public void write(String text, int offset, int length) {
                super.write(text, offset, length);
                try {
                    Files.deleteIfExists(place);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        int code = CommandRun.printingTo(
                out,
                said,
                "evaluate",
                model,
                "--metadata",
                set,
                "--audio",
                folder,
                "--report",
                place.resolve("report.html"),
                "--json",
                place.resolve("report.json"));
        assertEquals(1, code);
        assertTrue(out.toString().startsWith("set.csv: 11 clips\n"), out.toString());
        for (String name : List.of("report.html", "report.json")) {
            assertTrue(
                    said.toString()
                            .contains(place.resolve(name)
                                    + ": found a file that cannot be written (no such file or folder)"),
                    said.toString());
        }
    }

    @Test
    void misspeltCitiesAreSaidAndAreNoCities() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path set = set();
        Files.writeString(set, Files.readString(set).replace("Jinan", "Jinang"));
        CommandRun run = evaluate(model, "--metadata", set, "--audio", folder, "--json", "-")
                .done();
        assertTrue(run.err().contains("\"Jinang\" (6; did you mean Jinan?)"), run.err());
        List<String> cities = new ArrayList<>();
        json(run.out())
                .get("models")
                .get(0)
                .get("cities")
                .forEach(city -> cities.add(city.get("group").textValue()));
        assertEquals(List.of("Xi'an", "not a city of the model", "unknown"), cities);
    }

    @Test
    void recordingsOfOneNameAreToldApartByTheirFolders() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        for (String place : List.of("bus", "metro")) {
            Recordings.write(
                    Files.createDirectories(folder.resolve("set/" + place)).resolve("001.wav"),
                    Recordings.noise(1, place.length()));
        }
        Path set = Files.writeString(folder.resolve("names.csv"), """
                filename,location,record_time,scene_label
                bus/001.wav,Jinan,2023-09-15 06:03,Bus
                metro/001.wav,Jinan,2023-09-15 06:03,Metro
                """);
        assertTrue(evaluate(model, "--metadata", set, "--audio", folder.resolve("set"))
                .done()
                .out()
                .startsWith("names.csv: 2 clips\n"));
        CommandRun classified = CommandRun.of(
                        "classify", folder.resolve("set"), "--metadata", set, "--model", model, "--json")
                .done();
        assertTrue(classified.err().contains("of 2), macro"), classified.err());
    }
}
