package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files that PyTorch wrote and the same tensors as its safetensors library wrote them. */
class PyTorchCheckpointTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path FIXTURES = Path.of("src/test/resources/weights");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "layouts",
                "types",
                "protocol-2",
                "protocol-3",
                "protocol-4",
                "protocol-5",
                "trainer",
                "parallel",
                "parameters",
                "extra-state",
                "plain-values-2",
                "plain-values-5",
                "plain-values-beside",
                "containers",
                "dotted-key"
            })
    void readsWhatPyTorchWrote(String name) {
        Expected.assertSame(
                Safetensors.read(FIXTURES.resolve(name + ".safetensors")),
                PyTorchCheckpoint.read(FIXTURES.resolve(name + ".pth")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ascmamba-small", "ascmamba-unconditioned"})
    void aCheckpointEqualsItsExport(String name) {
        Path model = GOLDEN.resolve(name);
        Expected.assertSame(
                Safetensors.read(model.resolve("model.safetensors")),
                PyTorchCheckpoint.read(model.resolve("model.pth")));
    }

    @Test
    void readsTheChallengeBaseline() {
        Weights weights = PyTorchCheckpoint.read(GOLDEN.resolve("public-code/se_trans_baseline/best_model_2.pth"));
        // tools/reference/spec/models.md counts, with the unused copy: 436,858 trained parameters.
        long trained = weights.tensors().entrySet().stream()
                .filter(entry ->
                        !entry.getKey().contains("running_") && !entry.getKey().endsWith("num_batches_tracked"))
                .mapToLong(entry -> entry.getValue().shape().elements())
                .sum();
        assertEquals(436_858, trained);
        assertEquals(Shape.of(10, 128), weights.tensors().get("fc.weight").shape());
    }

    @ParameterizedTest
    @ValueSource(strings = {"model_state_dict", "state_dict", "model", "model_ema", "net"})
    void findsTheStateDictUnderItsUsualNames(String name) {
        Weights weights = PyTorchCheckpoint.read(FIXTURES.resolve("under-" + name + ".pth"));
        Expected.assertSame(Safetensors.read(FIXTURES.resolve("protocol-2.safetensors")), weights);
        assertEquals(List.of("\"epoch\": the value \"3\""), weights.leftOut());
    }

    @Test
    void tellsWhatWasLeftOut() {
        List<String> leftOut =
                PyTorchCheckpoint.read(FIXTURES.resolve("trainer.pth")).leftOut();
        assertTrue(leftOut.contains("\"epoch\": the value \"12\""), leftOut.toString());
        assertTrue(leftOut.contains("\"optimizer\": a dict of 2"), leftOut.toString());
        assertTrue(leftOut.contains("\"model_ema\": a dict of 9"), leftOut.toString());
        assertTrue(leftOut.contains("\"rng\": a tensor U8 [16]"), leftOut.toString());
        assertEquals(10, leftOut.size(), leftOut.toString());
        assertEquals(
                List.of("\"_extra_state\": a dict of 1"),
                PyTorchCheckpoint.read(FIXTURES.resolve("extra-state.pth")).leftOut());
    }

    /** Kinds of values and keys that PyTorch's weights_only reader takes too: named as what they are. */
    @Test
    void plainValuesAreLeftOutByWhatTheyAre() {
        List<String> leftOut = PyTorchCheckpoint.read(FIXTURES.resolve("plain-values-beside.pth"))
                .leftOut();
        assertEquals(
                List.of(
                        "\"dtype\": torch.float32",
                        "\"dtypes\": a list of 5",
                        "\"layout\": a layout",
                        "\"complex\": a complex number",
                        "\"bytes\": bytes",
                        "\"bytearray\": bytes",
                        "\"none_as_key\": a dict of 1",
                        "\"tuples_as_keys\": a dict of 2",
                        "\"bytes_as_keys\": a dict of 1",
                        "None: the value \"1\"",
                        "a tuple of 2: the value \"3\""),
                leftOut);
    }

    @Test
    void aPickleWrittenByHandIsReadWhereItDoesNotLie() {
        assertArrayEquals(
                new float[4],
                PyTorchCheckpoint.read(FIXTURES.resolve("by-hand.pth"))
                        .tensors()
                        .get("w")
                        .floats());
    }

    static List<Path> hostile() throws IOException {
        try (Stream<Path> files = Files.list(FIXTURES.resolve("hostile"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void refusesHostileFiles(Path file) {
        String message = assertThrows(WeightsException.class, () -> WeightFiles.read(file))
                .getMessage();
        assertTrue(message.startsWith(file.toString()), message);
        assertTrue(Files.notExists(Path.of("pwned")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            os-system-2             | the Python object "posix.system"
            os-system-4             | the Python object "posix.system"
            eval-2                  | the Python object "__builtin__.eval"
            eval-4                  | the Python object "builtins.eval"
            getattr-4               | the Python object "builtins.getattr"
            namespace-2             | the Python object
            numpy-scalar-4          | scalar"
            whole-module            | the Python object "torch.nn.modules.linear.Linear"
            inst                    | the instruction INST (0x69)
            newobj                  | the instruction NEWOBJ (0x81)
            ext1                    | the instruction EXT1 (0x82)
            build-on-list           | the instruction BUILD on a list of 0
            call-of-string          | a call of the string "a"
            key-holds-itself        | a dict key that is a list of 1
            length-4-lies           | 2147483647 bytes wanted and 2 left
            expanded                | no more elements than its storage's 4
            stride-overflow         | lies within its storage of 4 elements
            storage-too-short       | 16 bytes in storage "0"; expected 5 elements of F32
            storage-missing         | no entry for storage "1"
            compressed              | a compressed entry; expected uncompressed entries
            big-endian              | byteorder: found "big"; expected "little" (torch.save(torch.load(file), file)
            torchscript             | a TorchScript archive; expected a file written by torch.save(model.state_dict(), file)
            torchscript-linear      | a TorchScript archive; expected a file written by torch.save(model.state_dict(), file)
            old-form-2              | a PyTorch file of the old form, from before 1.6
            old-form-3              | a PyTorch file of the old form, from before 1.6
            old-form-4              | a PyTorch file of the old form, from before 1.6
            old-form-5              | a PyTorch file of the old form, from before 1.6
            old-form-2              | (torch.save(torch.load(old), new)
            plain-pickle            | a Python pickle
            onnx                    | an ONNX model
            os-system-2             | "value": found the Python object
            os-system-4             | "value": found the Python object
            nested-2                | "value": found the Python object
            deep-2                  | "runs.options.data": found the Python object "pathlib.
            deep-4                  | "runs.options.data": found the Python object "pathlib.
            extent-negative         | "w": found a tensor with an extent or stride
            extents-overflow        | "w": found a tensor [2147483647, 2147483647, 2147483647]; expected at most
            storage-missing         | "w": found no entry for storage "1"
            tensor-float8           | "model.head.weight": found a tensor of a type such as float8
            tensor-uint16           | "model.head.weight": found a tensor of a type such as float8 or uint16
            tensor-complex          | "model.head.weight": found a tensor of a type such as complex
            tensor-sparse           | "model.head.weight": found a sparse tensor
            tensor-quantized        | "model.head.weight": found a quantized tensor
            tensor-meta             | "model.head.weight": found a tensor on the device "meta"
            tensor-attribute        | "model.head.weight": found a parameter with attributes
            tensor-expanded-little  | "model.head.weight": found a tensor [2, 3] with strides [1, 0]
            no-pickle               | a zip archive without data.pkl
            """)
    void saysWhatIsRefused(String name, String message) {
        Path file = FIXTURES.resolve("hostile").resolve(name + ".pth");
        String found = assertThrows(WeightsException.class, () -> PyTorchCheckpoint.read(file))
                .getMessage();
        assertTrue(found.contains(message), found);
    }

    @ParameterizedTest
    @CsvSource({"by-hand, 1", "protocol-2, 17", "types, 17"})
    void aCutFileIsRefusedWhereverItIsCut(String name, int step) throws IOException {
        DamagedWeights.assertCutIsRefused(FIXTURES.resolve(name + ".pth"), folder, step);
    }

    @Test
    void flippedBytesAreRefusedOrRead() throws IOException {
        // The first half is the pickle.
        DamagedWeights.assertOtherBytesAreRefusedOrRead(FIXTURES.resolve("trainer.pth"), folder, 0.5);
    }
}
