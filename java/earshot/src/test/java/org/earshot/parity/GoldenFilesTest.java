package org.earshot.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.error.EarshotException;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a golden file may hold, what is said of what it may not, and how large differences may be. */
class GoldenFilesTest {
    private static final Path MODEL = Path.of("src/test/resources/parity/ascmamba");
    private static final Path GOLDEN = MODEL.resolve("golden-none.safetensors");
    private static final Path FRONT_END = MODEL.resolveSibling("front-end");

    @TempDir
    Path folder;

    /** The golden file with other tensors. */
    private ParityResult changed(Consumer<Map<String, WeightTensor>> change, Map<String, String> metadata) {
        return changed(MODEL, change, metadata);
    }

    private ParityResult changed(Path model, Consumer<Map<String, WeightTensor>> change, Map<String, String> metadata) {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>(
                Safetensors.read(model.resolve("golden-none.safetensors")).tensors());
        change.accept(tensors);
        Path file = folder.resolve("golden.safetensors");
        Safetensors.write(file, tensors, metadata);
        return Parity.check(
                ModelDirectory.read(model, null, KeyMap.identity()),
                file,
                Backends.start("portable", 1),
                ParityOptions.alongTheRun(Precision.FLOAT32, Tolerances.of(Precision.FLOAT32)));
    }

    private ParityResult changed(Consumer<Map<String, WeightTensor>> change) {
        return changed(change, Map.of("earshot.golden", "2"));
    }

    private String refused(Consumer<Map<String, WeightTensor>> change) {
        return refused(MODEL, change);
    }

    private String refused(Path model, Consumer<Map<String, WeightTensor>> change) {
        EarshotException e =
                assertThrows(WeightsException.class, () -> changed(model, change, Map.of("earshot.golden", "2")));
        return e.getMessage();
    }

    @Test
    void fileWithoutAVersionIsOfTheFirst() {
        assertTrue(changed(tensors -> {}, Map.of()).first().isEmpty());
        assertEquals("2", Safetensors.metadata(GOLDEN).get("earshot.golden"));
    }

    @Test
    void newerVersionIsRefused() {
        WeightsException e =
                assertThrows(WeightsException.class, () -> changed(tensors -> {}, Map.of("earshot.golden", "3")));
        assertTrue(e.getMessage().contains("version 3") && e.getMessage().contains("1 to 2"), e.getMessage());
    }

    /** The speech-enhancement code has its channels second in every block. */
    @Test
    void layoutsAreToldByTheirShapes() {
        ParityResult result =
                changed(tensors -> tensors.computeIfPresent("module.blocks.0", (name, x) -> permuted(x, 0, 3, 1, 2)));
        assertTrue(result.of("module.blocks.0").orElseThrow().passes());
        assertTrue(
                result.notes().stream().noneMatch(note -> note.contains("read as")),
                result.notes().toString());
        ParityResult strange =
                changed(tensors -> tensors.computeIfPresent("module.blocks.0", (name, x) -> permuted(x, 0, 2, 3, 1)));
        assertTrue(strange.of("module.blocks.0").orElseThrow().passes());
        assertTrue(
                strange.notes().stream().anyMatch(note -> note.startsWith("module.blocks.0: read as BFCT")),
                strange.notes().toString());
    }

    private static WeightTensor permuted(WeightTensor x, int... order) {
        int[] extents = new int[order.length];
        int[] strides = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            extents[i] = x.shape().extent(order[i]);
            strides[i] = 1;
            for (int j = order[i] + 1; j < order.length; j++) {
                strides[i] *= x.shape().extent(j);
            }
        }
        float[] values = x.floats();
        float[] made = new float[values.length];
        int at = 0;
        for (int i = 0; i < extents[0]; i++) {
            for (int j = 0; j < extents[1]; j++) {
                for (int k = 0; k < extents[2]; k++) {
                    for (int l = 0; l < extents[3]; l++) {
                        made[at++] = values[i * strides[0] + j * strides[1] + k * strides[2] + l * strides[3]];
                    }
                }
            }
        }
        return WeightTensor.of(Shape.of(extents), made);
    }

    @Test
    void modulesWithoutACounterpartAreNamed() {
        WeightTensor one = WeightTensor.of(Shape.of(1), 1f);
        ParityResult result = changed(tensors -> {
            tensors.put("module.blocks.0.time_mamba.forward_blocks.0.mixer.conv1d", one);
            tensors.put("module.backbone", one);
        });
        assertTrue(result.first().isEmpty());
        assertTrue(
                result.notes().stream()
                        .anyMatch(note -> note.startsWith("no counterpart, fused inside blocks.0.time: ")
                                && note.endsWith("mixer.conv1d")),
                result.notes().toString());
        assertTrue(
                result.notes().stream()
                        .anyMatch(note -> note.contains("no module of this network has that name")
                                && note.endsWith(": backbone")),
                result.notes().toString());
    }

    @Test
    void whatDoesNotFitIsRefusedByName() {
        WeightTensor one = WeightTensor.of(Shape.of(1), 1f);
        String shape = refused(tensors -> tensors.put("module.dense_encoder", one));
        assertTrue(shape.contains("module.dense_encoder") && shape.contains("shape [1]"), shape);
        String output = refused(tensors -> tensors.put("output.scores", one));
        assertTrue(output.contains("output.scores") && output.contains("logits"), output);
        String inputs = refused(tensors -> tensors.remove("input.time_features"));
        assertTrue(inputs.contains("time_features"), inputs);
        String nothing = refused(tensors -> tensors.keySet().removeIf(name -> !name.startsWith("input.")));
        assertTrue(nothing.contains("no output to compare with"), nothing);
        String empty = refused(tensors -> tensors.put("output.logits", WeightTensor.of(Shape.of(0), new float[0])));
        assertTrue(empty.contains("output.logits") && empty.contains("no value"), empty);
    }

    /** What a file says is shown, not obeyed by a terminal. */
    @Test
    void textOfAFileIsShownInOneLine() {
        WeightsException version = assertThrows(
                WeightsException.class, () -> changed(tensors -> {}, Map.of("earshot.golden", "\033[31m\n2")));
        assertTrue(version.getMessage().contains("version \\u001B[31m\\n2;"), version.getMessage());
        WeightTensor one = WeightTensor.of(Shape.of(1), 1f);
        String output = refused(tensors -> tensors.put("output.\033[31m", one));
        assertTrue(output.contains(": output.\\u001B[31m: found"), output);
        List<String> notes =
                changed(tensors -> tensors.put("module.\033[31m", one)).notes();
        assertTrue(notes.stream().anyMatch(note -> note.endsWith(": \\u001B[31m")), notes.toString());
    }

    @Test
    void anotherKindOfFileIsNamed() throws IOException {
        Path file = Files.copy(Path.of("src/test/resources/weights/by-hand.pth"), folder.resolve("golden.safetensors"));
        String message = assertThrows(WeightsException.class, () -> Safetensors.metadata(file))
                .getMessage();
        assertEquals(file + ": found a zip archive; expected a safetensors file", message);
    }

    static List<Arguments> wrongRates() {
        return List.of(
                arguments(WeightTensor.of(Shape.of(1), 44_100f), "F32 [1]; expected one whole number"),
                arguments(WeightTensor.of(Shape.of(), 44_100L), "I64 []; expected one whole number"),
                arguments(WeightTensor.of(Shape.of(2), 44_100L, 48_000L), "I64 [2]; expected one whole number"),
                arguments(WeightTensor.of(Shape.of(0), new long[0]), "no value"),
                arguments(WeightTensor.of(Shape.of(1), 0L), "0 Hz; expected a positive rate"),
                arguments(WeightTensor.of(Shape.of(1), -44_100L), "-44100 Hz"),
                arguments(WeightTensor.of(Shape.of(1), 1L << 40), "1099511627776 Hz"),
                arguments(WeightTensor.of(Shape.of(1), Long.MIN_VALUE), "-9223372036854775808 Hz"));
    }

    @ParameterizedTest
    @MethodSource("wrongRates")
    void aRateThatIsNoneIsRefused(WeightTensor rate, String found) {
        String message = refused(FRONT_END, tensors -> tensors.put("input.sample_rate", rate));
        assertTrue(message.contains("input.sample_rate: found " + found), message);
    }

    @Test
    void aFileWithoutAnInputIsRefusedByBothNames() {
        String message = refused(FRONT_END, tensors -> tensors.remove("input.pcm"));
        assertTrue(message.contains("neither input.features nor input.pcm"), message);
    }

    /** With features for the network, none are made. */
    @Test
    void featuresThatNothingIsComparedWithAreNamed() {
        ParityResult result = changed(tensors -> {
            tensors.put("output.features", WeightTensor.of(Shape.of(1), 1f));
            tensors.put("output.pcm", WeightTensor.of(Shape.of(1), 1f));
        });
        for (String name : List.of("output.features", "output.pcm")) {
            assertTrue(
                    result.notes().stream().anyMatch(note -> note.startsWith(name + ": not compared")),
                    result.notes().toString());
        }
        String alone = refused(FRONT_END, tensors -> tensors.put("input.features", tensors.get("output.features")));
        assertTrue(alone.contains("no output to compare with (output.features: not compared"), alone);
    }

    @Test
    void theWorstValueIsNamedWithItsPlace() {
        ParityResult result = changed(tensors -> tensors.computeIfPresent("module.blocks.0", (name, x) -> {
            float[] values = x.floats();
            values[((1 * 7 + 4) * 31 + 12) * 4 + 3] += 1; // [1, 4, 12, 3] of [2, 7, 31, 4].
            return WeightTensor.of(x.shape(), values);
        }));
        Comparison first = result.first().orElseThrow();
        assertEquals("module.blocks.0", first.name());
        assertEquals("[1, 4, 12, 3]", first.difference().worst());
        assertEquals(1, first.difference().largest(), 1e-4);
        assertEquals(1, first.difference().expected() - first.difference().computed(), 1e-4);
        assertTrue(first.difference().cosine() > 0.99 && first.difference().cosine() < 1);
    }

    @Test
    void tolerancesComeFromTheModelDirectory() throws IOException {
        Files.writeString(
                folder.resolve(Tolerances.FILE),
                "{\"float32\": {\"*\": 2e-4, \"output.logits\": 1e-6}, \"bf16\": {\"module.gru\": 0.5}}");
        Tolerances own = Tolerances.read(folder, Precision.FLOAT32);
        assertEquals(2e-4, own.of("module.gru"));
        assertEquals(1e-6, own.of("output.logits"));
        assertEquals(List.of("output.logits"), own.names());
        Tolerances bf16 = Tolerances.read(folder, Precision.BF16);
        assertEquals(0.5, bf16.of("module.gru"));
        assertEquals(16 * 2 * 0x1p-9, bf16.of("output.logits"));
        assertEquals(4 * 2 * 0x1p-9, Tolerances.read(folder, Precision.TF32).of("output.logits"));
        for (String wrong : new String[] {"{\"float16\": {}}", "{\"float32\": null}"}) {
            Files.writeString(folder.resolve(Tolerances.FILE), wrong);
            String message = assertThrows(ModelException.class, () -> Tolerances.read(folder, Precision.FLOAT32))
                    .getMessage();
            assertTrue(
                    message.contains("only the fields float32, bf16, tf32") || message.contains("float32: found null"),
                    message);
        }
        for (String wrong : new String[] {
            "{\"float16\": {}}", "{\"float32\": {\"*\": -1}}", "{\"float32\": {\"*\": \"small\"}}", "[]"
        }) {
            Files.writeString(folder.resolve(Tolerances.FILE), wrong);
            ModelException e =
                    assertThrows(ModelException.class, () -> Tolerances.read(folder, Precision.FLOAT32), wrong);
            assertTrue(e.getMessage().contains(Tolerances.FILE), e.getMessage());
        }
    }

    /** Coarser products may differ more, by as much as what is rounded off them; longer sums by their root. */
    @Test
    void roundingGrowsWithTheSumsAndTheirPrecision() {
        RoundingBound once = new RoundingBound(100, 1);
        assertEquals(2 * 8 * 0x1p-24 * 10, once.share(Precision.FLOAT32), 1e-12);
        assertEquals(2 * once.share(Precision.FLOAT32), new RoundingBound(400, 1).share(Precision.FLOAT32), 1e-12);
        double tf32 = once.share(Precision.TF32) - once.share(Precision.FLOAT32);
        double bf16 = once.share(Precision.BF16) - once.share(Precision.FLOAT32);
        assertEquals(4, bf16 / tf32, 1e-9);
    }
}
