package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.earshot.SceneClassifier;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.earshot.layer.Shape;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that read and write weights: inspect, convert, parity. */
class ModelCommandsTest {
    private static final Path CHECKPOINT = CommandRun.SMALL.resolve("model.pth");
    private static final Path WEIGHTS = CommandRun.SMALL.resolve("model.safetensors");
    private static final Path CONFIG = CommandRun.SMALL.resolve("config.json");

    @TempDir
    Path folder;

    private static JsonNode json(String text) throws IOException {
        return JsonMapper.builder().build().readTree(text);
    }

    private static JsonNode tensor(JsonNode inspected, String name) {
        for (JsonNode tensor : inspected.get("tensors")) {
            if (tensor.get("name").textValue().equals(name)) {
                return tensor;
            }
        }
        throw new AssertionError("no tensor " + name);
    }

    private static long filesIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    /** The golden's weights with other names or values. */
    private Path weights(String name, java.util.function.BiConsumer<String, Map<String, WeightTensor>> put) {
        Map<String, WeightTensor> changed = new LinkedHashMap<>();
        Safetensors.read(WEIGHTS).tensors().keySet().forEach(tensor -> put.accept(tensor, changed));
        Path file = folder.resolve(name);
        Safetensors.write(file, changed);
        return file;
    }

    private static WeightTensor golden(String name) {
        return Safetensors.read(WEIGHTS).tensors().get(name);
    }

    @Test
    void inspectShowsWhatIsThere() throws IOException {
        Path file = folder.resolve("known.safetensors");
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        tensors.put("a\u001b[2J", WeightTensor.of(Shape.of(2, 2), 1f, 2f, 3f, Float.NaN));
        tensors.put("whole", WeightTensor.of(Shape.of(3), 1L, 2L, 3L));
        Safetensors.write(file, tensors);
        CommandRun table = CommandRun.of("inspect", file).done();
        assertFalse(table.out().contains("\u001b"));
        assertTrue(table.out().contains("a\\u001b[2J"), table.out());
        assertTrue(table.out().contains("2 tensors, 7 parameters, 40 bytes"), table.out());
        assertTrue(table.out().contains("architecture: not recognised"), table.out());

        CommandRun run = CommandRun.of("inspect", "--json", file).done();
        assertFalse(run.out().contains(":NaN") || run.out().contains("Infinity"), run.out());
        JsonNode object = json(run.out());
        assertTrue(object.get("architecture").isNull());
        assertEquals(7, object.get("parameters").longValue());
        JsonNode first = tensor(object, "a\u001b[2J");
        assertEquals("F32", first.get("type").textValue());
        assertEquals("[2,2]", first.get("shape").toString());
        assertEquals(1, first.get("nan").longValue());
        assertEquals(1, first.get("min").doubleValue());
        assertEquals(3, first.get("max").doubleValue());
        JsonNode second = tensor(object, "whole");
        assertEquals("I64", second.get("type").textValue());
        assertEquals(2, second.get("mean").doubleValue());
        assertEquals(Math.sqrt(2.0 / 3), second.get("std").doubleValue(), 1e-12);
    }

    @Test
    void inspectKnowsTheArchitecture() throws IOException {
        for (Path input : new Path[] {CommandRun.SMALL, WEIGHTS, CHECKPOINT}) {
            JsonNode object =
                    json(CommandRun.of("inspect", "--json", input).done().out());
            assertEquals("ascmamba", object.get("architecture").textValue());
            assertEquals(
                    Safetensors.read(WEIGHTS).tensors().size(),
                    object.get("tensors").size());
        }
    }

    /** What a classifier of the folder says; of weights alone there is none. */
    @Test
    void inspectNamesTheModelAsServicesDo() throws IOException {
        String digest;
        try (SceneClassifier classifier = SceneClassifier.load(CommandRun.SMALL)) {
            digest = classifier.modelDigest();
        }
        JsonNode inspected =
                json(CommandRun.of("inspect", "--json", CommandRun.SMALL).done().out());
        assertEquals(digest, inspected.get("model_digest").textValue());
        String table = CommandRun.of("inspect", CommandRun.SMALL).done().out();
        assertTrue(table.contains("digest: " + digest), table);
        assertTrue(json(CommandRun.of("inspect", "--json", WEIGHTS).done().out())
                .get("model_digest")
                .isNull());
    }

    @Test
    void inspectRefusesWhatIsNoWeightFile() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.pth"));
        assertTrue(CommandRun.of("inspect", empty).failedInOneLine().contains("empty.pth"));
        assertTrue(CommandRun.of("inspect", folder.resolve("none"))
                .failedInOneLine()
                .contains("none"));
        assertTrue(CommandRun.of("inspect", CONFIG).failedInOneLine().contains("config.json"));
        assertTrue(CommandRun.of("inspect", folder).failedInOneLine().contains("model.safetensors"));
        assertTrue(CommandRun.of("inspect", WEIGHTS, "--key-map", empty)
                .failedInOneLine()
                .contains("empty.pth"));
    }

    @Test
    void convertMakesAModelDirectory() throws IOException {
        Path output = folder.resolve("deep/model");
        CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output)
                .done();
        assertEquals(2, filesIn(folder));
        Map<String, WeightTensor> written =
                Safetensors.read(output.resolve("model.safetensors")).tensors();
        assertEquals(Safetensors.read(WEIGHTS).tensors().keySet(), written.keySet());
        written.forEach((name, tensor) -> assertArrayEquals(golden(name).floats(), tensor.floats(), name));
        assertEquals(json(Files.readString(CONFIG)), json(Files.readString(output.resolve("config.json"))));
        Path recording = Recordings.write(folder.resolve("noise.wav"), Recordings.noise(0.5, 1));
        assertEquals(
                CommandRun.of("classify", recording, "--csv", "--model", CommandRun.SMALL)
                        .out(),
                CommandRun.of("classify", recording, "--csv", "--model", output).out());
    }

    @Test
    void convertAdaptsNames() throws IOException {
        Path foreign = weights(
                "foreign.safetensors",
                (name, tensors) -> tensors.put(name.replace("dense_encoder.", "encoder."), golden(name)));
        Path output = folder.resolve("model");
        CommandRun refused = CommandRun.of("convert", foreign, "--config", CONFIG, "--output", output);
        assertEquals(1, refused.code());
        assertTrue(refused.err().contains("nearest: \"encoder."), refused.err());
        assertFalse(Files.exists(output));
        Path map = Files.writeString(folder.resolve("map.json"), "{\"^encoder[.]\": \"dense_encoder.\"}");
        CommandRun.of("convert", foreign, "--config", CONFIG, "--output", output, "--key-map", map)
                .done();
        CommandRun.of("inspect", output).done();
    }

    @Test
    void whatTheMessageProposesMendsIt() throws IOException {
        Path foreign = weights("foreign.safetensors", (name, tensors) -> {
            tensors.put("model." + name.replaceFirst("^blocks\\.", "layers."), golden(name));
            tensors.put("criterion.weight", WeightTensor.of(Shape.of(1), 1f));
        });
        Path output = folder.resolve("model");
        CommandRun refused = CommandRun.of("convert", foreign, "--config", CONFIG, "--output", output);
        assertEquals(1, refused.code());
        assertTrue(refused.err().lines().count() <= 24, refused.err());
        String proposed = refused.err()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(refused.err()));
        Path map = Files.writeString(folder.resolve("map.json"), proposed);
        CommandRun converted = CommandRun.of("convert", foreign, "--config", CONFIG, "-o", output, "--key-map", map)
                .done();
        assertTrue(converted.err().contains("prefix \"model.\" taken off"), converted.err());
        assertTrue(converted.err().contains("left out: 1 tensor, in whose name \"^criterion"), converted.err());
        Map<String, WeightTensor> written =
                Safetensors.read(output.resolve("model.safetensors")).tensors();
        assertEquals(Safetensors.read(WEIGHTS).tensors().keySet(), written.keySet());
    }

    @Test
    void tensorsAreLeftOut() throws IOException {
        Path more = weights("more.safetensors", (name, tensors) -> {
            tensors.put("module." + name, golden(name));
            tensors.put("n_averaged", WeightTensor.of(Shape.of(), 3L));
            tensors.put("criterion.weight", WeightTensor.of(Shape.of(1), 1f));
        });
        Path output = folder.resolve("model");
        CommandRun run = CommandRun.of(
                        "convert",
                        more,
                        "--config",
                        CONFIG,
                        "-o",
                        output,
                        "--drop",
                        "^criterion",
                        "--drop",
                        "n_averaged")
                .done();
        assertTrue(run.err().contains("^criterion") && run.err().contains("n_averaged"), run.err());
        assertTrue(
                CommandRun.of("inspect", more, "--drop", "(").failedInOneLine().contains("regular expression"));
        CommandRun inspected =
                CommandRun.of("inspect", more, "--drop", "criterion").done();
        assertTrue(inspected.out().contains("note: prefix \"module.\" taken off"), inspected.out());
        assertFalse(inspected.out().contains("criterion.weight"), inspected.out());
    }

    @Test
    void valuesThatAreNoNumbersAreSaid() throws IOException {
        Path broken = weights("broken.safetensors", (name, tensors) -> {
            float[] values = golden(name).floats();
            if (name.equals("classifier.bias")) {
                values[0] = Float.NaN;
                values[1] = Float.NEGATIVE_INFINITY;
            }
            tensors.put(name, WeightTensor.of(golden(name).shape(), values));
        });
        String said = "not finite: 1 NaN and 1 infinite values in 1 tensor: \"classifier.bias\"";
        CommandRun converted = CommandRun.of("convert", broken, "--config", CONFIG, "--output", folder.resolve("model"))
                .done();
        assertTrue(converted.err().contains("warning: " + said), converted.err());
        CommandRun inspected = CommandRun.of("inspect", broken).done();
        assertTrue(inspected.out().contains(said), inspected.out());
        assertFalse(CommandRun.of("inspect", WEIGHTS).done().out().contains("not finite"));
    }

    @Test
    void convertReplacesOnlyWhenTold() throws IOException {
        Path output = TestModels.quick(folder.resolve("model"));
        String before = Files.readString(output.resolve("config.json"));
        assertTrue(CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output)
                .failedInOneLine()
                .contains("--force"));
        assertEquals(before, Files.readString(output.resolve("config.json")));
        CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output, "--force")
                .done();
        assertEquals(json(Files.readString(CONFIG)), json(Files.readString(output.resolve("config.json"))));
        assertEquals(3, filesIn(output), "the golden file stays, and nothing else is left");
    }

    @Test
    void convertWritesWhereLinksLead() throws IOException {
        Path store = Files.createDirectory(folder.resolve("store"));
        Path output = Files.createSymbolicLink(folder.resolve("model"), store.resolve("new"));
        CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output)
                .done();
        assertEquals(2, filesIn(store.resolve("new")));
        Path weights = Files.move(output.resolve("model.safetensors"), store.resolve("weights"));
        Files.createSymbolicLink(output.resolve("model.safetensors"), Files.write(weights, new byte[0]));
        CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output, "--force")
                .done();
        assertTrue(Files.isSymbolicLink(output));
        assertTrue(Files.isSymbolicLink(output.resolve("model.safetensors")));
        assertEquals(
                Safetensors.read(WEIGHTS).tensors().keySet(),
                Safetensors.read(weights).tensors().keySet());
        assertEquals(3, filesIn(store), "nothing else is left");
    }

    /** As a container has it: nothing can be moved there from the folder above, which it may not even write. */
    @Test
    void convertFillsAVolumeOfItsOwn() throws IOException {
        Path other = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(other) && !Files.getFileStore(other).equals(Files.getFileStore(folder)));
        Path volume = Files.createTempDirectory(other, "earshot-model");
        try {
            Path output = Files.createSymbolicLink(folder.resolve("model"), volume);
            CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output)
                    .done();
            assertEquals(2, filesIn(volume));
            CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", output, "--force")
                    .done();
            assertEquals(2, filesIn(volume));
        } finally {
            for (String name : List.of("config.json", "model.safetensors")) {
                Files.deleteIfExists(volume.resolve(name));
            }
            Files.delete(volume);
        }
    }

    @Test
    void convertWritesNothingOfWhatDoesNotFit() throws IOException {
        Path output = folder.resolve("model");
        Path lacking = weights("lacking.safetensors", (name, tensors) -> {
            if (!name.equals("classifier.bias")) {
                tensors.put(name, golden(name));
            }
        });
        CommandRun run = CommandRun.of("convert", lacking, "--config", CONFIG, "--output", output);
        assertEquals(1, run.code());
        assertTrue(run.err().contains("classifier.bias"), run.err());
        Path labels = Files.writeString(
                folder.resolve("labels.json"), Files.readString(CONFIG).replace("\"Bus\",", ""));
        assertTrue(CommandRun.of("convert", CHECKPOINT, "--config", labels, "--output", output)
                .failedInOneLine()
                .contains("labels"));
        Path file = Files.createFile(folder.resolve("file"));
        assertTrue(CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", file)
                .failedInOneLine()
                .contains("a file"));
        assertTrue(CommandRun.of("convert", CHECKPOINT, "--config", CONFIG, "--output", file.resolve("x"))
                .failedInOneLine()
                .contains("cannot be written"));
        assertFalse(Files.exists(output));
        assertEquals(3, filesIn(folder));
    }

    @Test
    void parityPassesOnTheGoldens() {
        CommandRun run = CommandRun.of("parity", CommandRun.SMALL).done();
        assertTrue(run.lines().get(0).startsWith("model"), run.out());
        assertTrue(run.lines().size() >= 3, run.out());
        assertTrue(
                run.lines().stream()
                        .skip(1)
                        .allMatch(line -> line.startsWith(CommandRun.SMALL.toString()) && line.endsWith("PASS")),
                run.out());
        assertTrue(run.out().contains("output.logits") && run.out().contains("portable["), run.out());
    }

    @Test
    void parityComparesBothStagesAndTheirFusion() {
        Path twoStage = CommandRun.GOLDEN.resolve("se-trans-two-stage");
        CommandRun run = CommandRun.of("parity", twoStage).done();
        for (String output : new String[] {"logits", "coarse_logits", "probabilities", "embedding"}) {
            long passed = run.lines().stream()
                    .filter(line -> line.contains(" output." + output + " ") && line.endsWith("PASS"))
                    .count();
            assertEquals(2, passed, run.out());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ascmamba, ascmamba-small/model.safetensors",
        "ascmamba, ascmamba-unconditioned/model.pth",
        "se-trans, se-trans/model.pth",
        "se-trans, se-trans-audio-only/model.safetensors",
        "se-trans, se-trans-two-stage/model.pth",
        "se-trans, public-code/se_trans_baseline/best_model_2.pth",
        "mobile-asc-net, mobile-asc-net-none/model.safetensors",
        "mobile-asc-net, mobile-asc-net-early/model.pth",
        "mobile-asc-net, mobile-asc-net-gated/model.safetensors"
    })
    void inspectRecognisesEverySystem(String architecture, String file) {
        CommandRun run =
                CommandRun.of("inspect", CommandRun.GOLDEN.resolve(file)).done();
        assertTrue(run.out().contains("\narchitecture: " + architecture + "\n"), run.out());
    }

    @Test
    void parityFailsOnOtherWeights() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path changed = weights("changed.safetensors", (name, tensors) -> {
            float[] values = golden(name).floats();
            values[0] += name.equals("classifier.bias") ? 0.01f : 0;
            tensors.put(name, WeightTensor.of(golden(name).shape(), values));
        });
        Files.delete(model.resolve("model.safetensors"));
        Files.move(changed, model.resolve("model.safetensors"));
        CommandRun run = CommandRun.of("parity", "--backend", "portable", model);
        assertEquals(1, run.code());
        assertTrue(run.lines().stream()
                .anyMatch(line -> line.contains("output.logits") && line.endsWith("FAIL, the first")));
        assertTrue(run.lines().stream().anyMatch(line -> line.contains("output.embedding") && line.endsWith("PASS")));
        assertEquals(0, CommandRun.of("parity", model, "--tolerance", 1).code());
    }

    /** No backend here knows tf32, and a tensor of no value compares with anything. */
    @Test
    void nothingComparedIsNoAgreement() throws IOException {
        CommandRun none = CommandRun.of("parity", CommandRun.SMALL, "--precision", "tf32");
        assumeFalse(none.out().contains("cuda"), "a GPU");
        assertEquals(1, none.code());
        assertEquals("", none.out());
        assertTrue(none.err().contains("found none that starts in this precision"), none.err());
        Path model = TestModels.quick(folder.resolve("without"));
        Map<String, WeightTensor> tensors = new LinkedHashMap<>(
                Safetensors.read(model.resolve("golden.safetensors")).tensors());
        tensors.keySet().removeIf(name -> name.startsWith("output."));
        Safetensors.write(model.resolve("golden.safetensors"), tensors);
        CommandRun without = CommandRun.of("parity", model, "--backend", "portable");
        assertEquals(1, without.code());
        assertTrue(without.err().contains("no output to compare with"), without.err());
    }

    /** Nobody may make files there, not even root. */
    @Test
    void anOutputThatCannotBeWrittenIsNamedBeforeTheWork() {
        for (String place : new String[] {"/proc/model", "/proc/none/of/these"}) {
            String complaint = CommandRun.of("convert", folder.resolve("none.pth"), "--config", CONFIG, "-o", place)
                    .failedInOneLine();
            assertTrue(complaint.startsWith("earshot: " + place + ": found a folder that cannot be"), complaint);
            assertFalse(complaint.contains(".part"), complaint);
        }
    }

    @Test
    void nothingInAFileIsNoSuccess() throws IOException {
        Path file = folder.resolve("empty.safetensors");
        Safetensors.write(file, Map.of());
        assertTrue(CommandRun.of("inspect", file).failedInOneLine().contains("empty.safetensors: found"));
    }

    @Test
    void parityReportsWhatItCannotRunAndGoesOn() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        CommandRun run = CommandRun.of("parity", empty, CommandRun.SMALL);
        assertEquals(1, run.code());
        assertTrue(run.err().contains("empty"), run.err());
        assertTrue(run.out().contains("PASS"), run.out());
        assertTrue(CommandRun.of("parity", CommandRun.SMALL, "--tolerance", "NaN")
                .refusedInOneLine()
                .contains("--tolerance"));
        String precision =
                CommandRun.of("parity", CommandRun.SMALL, "--precision", "int8").refusedInOneLine();
        assertTrue(precision.contains("--precision") && precision.contains("float32, bf16"), precision);
        assertTrue(CommandRun.of("parity", CommandRun.SMALL, "--backend", "portable", "--precision", "bf16")
                .failedInOneLine()
                .contains("precision bf16"));
        assertTrue(CommandRun.of("parity", CommandRun.SMALL, "--backend", "abacus")
                .failedInOneLine()
                .contains("abacus"));
    }

    @Test
    void probabilitiesThatAreNoNumbersAreAFailure() throws IOException {
        Path model = TestModels.quick(folder.resolve("model"));
        Path broken = weights("broken.safetensors", (name, tensors) -> {
            float[] values = golden(name).floats();
            values[0] = name.equals("classifier.bias") ? Float.NaN : values[0];
            tensors.put(name, WeightTensor.of(golden(name).shape(), values));
        });
        Path recording = Recordings.write(folder.resolve("noise.wav"), Recordings.noise(0.5, 1));
        CommandRun run = CommandRun.of("classify", recording, "--json", "-q", "--model", model, "--weights", broken);
        assertEquals(1, run.code());
        assertFalse(run.out().contains("NaN"), run.out());
        assertEquals(1, run.err().lines().count(), run.err());
    }
}
