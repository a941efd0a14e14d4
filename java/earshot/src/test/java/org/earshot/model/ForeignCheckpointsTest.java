package org.earshot.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.earshot.architecture.Architecture;
import org.earshot.error.EarshotException;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights as trainers, wrappers and other file systems hand them over. */
class ForeignCheckpointsTest {
    private static final Path SMALL = Path.of("src/test/resources/golden/ascmamba-small");
    private static final Path UNCONDITIONED = Path.of("src/test/resources/golden/ascmamba-unconditioned");
    private static final Path FIXTURES = Path.of("src/test/resources/weights/wrapped");
    private static final Map<String, WeightTensor> RIGHT =
            Safetensors.read(SMALL.resolve("model.safetensors")).tensors();

    @TempDir
    Path folder;

    private Path renamed(UnaryOperator<String> names) {
        Map<String, WeightTensor> foreign = new LinkedHashMap<>();
        RIGHT.forEach((name, tensor) -> foreign.put(names.apply(name), tensor));
        Path file = folder.resolve("foreign.safetensors");
        Safetensors.write(file, foreign);
        return file;
    }

    private static ModelDirectory read(Path weights, KeyMap map) {
        ModelDirectory model = ModelDirectory.read(SMALL, weights, map);
        assertEquals(RIGHT.keySet(), model.weights().tensors().keySet());
        return model;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "module.",
                "_orig_mod.",
                "model.",
                "_orig_mod.module.",
                "module._orig_mod.",
                "module.module.",
                "model._orig_mod.module.",
                "net.",
                "student.backbone.",
                "model.net.",
                "classifier."
            })
    void prefixesAreRecognisedAndSaid(String prefix) {
        List<String> notes = read(renamed(name -> prefix + name), KeyMap.identity())
                .weights()
                .notes();
        String said = String.join("\n", notes);
        assertTrue(said.contains(prefix) || prefix.equals("model.net."), said);
        assertTrue(said.contains("taken off " + RIGHT.size() + " names"), said);
    }

    @Test
    void partsThatWereCompiledByThemselvesAreRecognisedAndSaid() {
        List<String> notes = read(
                        renamed(name -> "module."
                                + name.replace("dense_encoder.", "dense_encoder._orig_mod.")
                                        .replace("blocks.0.", "blocks.0._orig_mod.module.")),
                        KeyMap.identity())
                .weights()
                .notes();
        long encoders = count("dense_encoder.");
        long blocks = count("blocks.0.");
        assertEquals(
                Set.of(
                        "prefix \"module.\" taken off " + RIGHT.size() + " names",
                        "\"_orig_mod.\" taken out of the middle of " + encoders + " names",
                        "\"_orig_mod.module.\" taken out of the middle of " + blocks + " names"),
                Set.copyOf(notes));
    }

    private static long count(String part) {
        return RIGHT.keySet().stream().filter(name -> name.contains(part)).count();
    }

    @Test
    void aKeyMapMayBeMadeForNamesWithOrWithoutTheirWrappers() {
        Path file = renamed(name -> "module." + name.replaceFirst("^dense_encoder", "enc"));
        for (String pattern : List.of("^module\\\\.enc\\\\.", "^enc\\\\.")) {
            read(file, KeyMap.parse("{\"" + pattern + "\": \"dense_encoder.\"}"));
        }
    }

    @Test
    void otherTensorsMayBeLeftOut() {
        Map<String, WeightTensor> more = new LinkedHashMap<>();
        RIGHT.forEach((name, tensor) -> more.put("module." + name, tensor));
        more.put("n_averaged", WeightTensor.of(Shape.of(), 7L));
        more.put("module.criterion.weight", WeightTensor.of(Shape.of(2), 1f, 2f));
        Path file = folder.resolve("averaged.safetensors");
        Safetensors.write(file, more);
        WeightsException e = assertThrows(WeightsException.class, () -> read(file, KeyMap.identity()));
        assertTrue(e.getMessage().contains("would mend it"), e.getMessage());
        String proposed = e.getMessage()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow();
        read(file, KeyMap.parse(proposed));
        read(file, KeyMap.identity().dropping("criterion").dropping("n_averaged"));
        read(file, KeyMap.identity().dropping("^module\\.criterion\\.").dropping("^n_averaged$"));
    }

    /** The rule that the message proposes, pasted into a key map, mends the names. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ^dense_encoder\\.        | encoder.
            ^blocks\\.(\\d+)\\.      | layers.block$1.
            ^blocks\\.               | net.core.
            \\.time_mamba\\.         | .tm.
            _cln\\.                  | _norm_cond.
            ^classifier\\.weight$    | classifier.w
            ^context_encoder\\.      | ctx.enc.
            """)
    void theProposedKeyMapMendsTheNames(String right, String foreign) {
        Path file = renamed(name -> name.replaceAll(right, foreign));
        EarshotException e = assertThrows(EarshotException.class, () -> read(file, KeyMap.identity()));
        assertTrue(e.getMessage().lines().count() <= 24, e.getMessage());
        String proposed = e.getMessage()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("{"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(e.getMessage()));
        assertTrue(e.getMessage().contains("would mend it"), e.getMessage());
        read(file, KeyMap.parse(proposed));
    }

    /** Files that PyTorch wrote; see tools/reference/fixtures/weights_fixtures.py. */
    @ParameterizedTest
    @CsvSource({
        "unknown-key.pth, network",
        "unknown-key-deep.pth, checkpoint.network",
        "unknown-key-with-optimizer.pth, weights"
    })
    void weightsUnderAnUnknownKeyAreFound(String name, String key) {
        ModelDirectory model = ModelDirectory.read(UNCONDITIONED, FIXTURES.resolve(name), KeyMap.identity());
        assertTrue(
                model.weights().notes().contains("weights taken from under \"" + key + "\""),
                model.weights().notes().toString());
        Map<String, WeightTensor> expected =
                Safetensors.read(UNCONDITIONED.resolve("model.safetensors")).tensors();
        assertEquals(expected.keySet(), model.weights().tensors().keySet());
        expected.forEach((tensor, values) -> assertArrayEquals(
                values.floats(), model.weights().tensors().get(tensor).floats()));
    }

    @Test
    void severalDictionariesThatFitAreNamedWithTheirCounts() {
        String message = assertThrows(
                        WeightsException.class,
                        () -> ModelDirectory.weights(FIXTURES.resolve("two-that-fit.pth"), KeyMap.identity()))
                .getMessage();
        int tensors = Safetensors.read(UNCONDITIONED.resolve("model.safetensors"))
                .tensors()
                .size();
        String count = " (" + tensors + " tensors)";
        assertTrue(message.contains("\"teacher\"" + count + ", \"student\"" + count), message);
    }

    /** Index and shards as Hugging Face's libraries write them. */
    @Test
    void shardedWeightsAreRead() throws IOException {
        Path model = shards();
        ModelDirectory read = ModelDirectory.read(model, null, KeyMap.identity());
        assertEquals(RIGHT.keySet(), read.weights().tensors().keySet());
        assertEquals(
                read.model().network().parameters(),
                ModelDirectory.read(SMALL, null, KeyMap.identity())
                        .model()
                        .network()
                        .parameters());
        Path shard = model.resolve("model-00001-of-00002.safetensors");
        String alone = assertThrows(WeightsException.class, () -> ModelDirectory.read(model, shard, KeyMap.identity()))
                .getMessage();
        assertTrue(alone.contains("model.safetensors.index.json"), alone);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            model-00002-of-00002.safetensors | ../model.safetensors             | plain name of a file
            model-00002-of-00002.safetensors | /etc/passwd                      | plain name of a file
            model-00002-of-00002.safetensors | absent.safetensors               | no such file
            model-00002-of-00002.safetensors | model.safetensors.index.json     | plain name of a file
            model-00002-of-00002.safetensors | config.json                      | a shard, as the index
            model-00002-of-00002.safetensors | model-00001-of-00002.safetensors | no tensor
            model-00002-of-00002.safetensors | a\\ud800.safetensors             | a name that files can have here
            "weight_map"                     | "weights"                        | without tensors in weight_map
            "metadata"                       | "weight_map": {}, "metadata"     | Duplicate field 'weight_map'
            {"metadata"                      | {"metadata                       | no JSON (line 1, column
            """)
    void wrongIndicesAreRefused(String right, String wrong, String message) throws IOException {
        Path index = shards().resolve(ModelDirectory.INDEX);
        Files.writeString(index, Files.readString(index).replace(right, wrong));
        String found = assertThrows(WeightsException.class, () -> ModelDirectory.weights(index, KeyMap.identity()))
                .getMessage();
        assertTrue(found.contains(message), found);
        assertEquals(1, found.lines().count(), found);
    }

    private Path shards() throws IOException {
        Path model = Files.createDirectory(folder.resolve("sharded"));
        Files.copy(SMALL.resolve("config.json"), model.resolve("config.json"));
        List<Map<String, WeightTensor>> halves = List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
        StringBuilder index = new StringBuilder("\uFEFF{\"metadata\": {\"total_size\": 1}, \"weight_map\": {");
        int i = 0;
        for (Map.Entry<String, WeightTensor> tensor : RIGHT.entrySet()) {
            halves.get(i % 2).put(tensor.getKey(), tensor.getValue());
            index.append(i == 0 ? "" : ",")
                    .append(String.format("\"%s\": \"model-0000%d-of-00002.safetensors\"", tensor.getKey(), i % 2 + 1));
            i++;
        }
        Safetensors.write(model.resolve("model-00001-of-00002.safetensors"), halves.get(0));
        Safetensors.write(model.resolve("model-00002-of-00002.safetensors"), halves.get(1));
        Files.writeString(
                model.resolve(ModelDirectory.INDEX), index.append("}}").toString());
        return model;
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "model.pth"})
    void aModelMayLieInAnotherFileSystem(String weights) throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
                FileSystem zip = FileSystems.newFileSystem(
                        URI.create("jar:" + folder.resolve("model.zip").toUri()), Map.of("create", "true"))) {
            for (FileSystem system : List.of(memory, zip)) {
                Path model = Files.createDirectories(system.getPath("/some/model"));
                for (String file : List.of("config.json", weights)) {
                    Files.copy(SMALL.resolve(file), model.resolve(file));
                }
                ModelDirectory read = ModelDirectory.read(model, model.resolve(weights), KeyMap.identity());
                RIGHT.forEach((name, tensor) -> assertArrayEquals(
                        tensor.floats(), read.weights().tensors().get(name).floats()));
                String message = assertThrows(
                                EarshotException.class,
                                () -> ModelDirectory.read(system.getPath("/absent"), null, KeyMap.identity()))
                        .getMessage();
                assertTrue(message.startsWith("/absent: found nothing there"), message);
            }
        }
    }

    @Test
    void aByteOrderMarkIsPassedOver() throws IOException {
        Path config = Files.writeString(
                folder.resolve("config.json"), "\uFEFF" + Files.readString(SMALL.resolve("config.json")));
        assertEquals(Architecture.ASCMAMBA, ModelConfig.read(config).architecture());
    }
}
