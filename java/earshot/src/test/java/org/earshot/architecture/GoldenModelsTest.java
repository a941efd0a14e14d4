package org.earshot.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.earshot.backend.Backend;
import org.earshot.backend.CudaKernels;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cuda.EarshotCuda;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.model.ModelDirectory;
import org.earshot.parity.Comparison;
import org.earshot.parity.Parity;
import org.earshot.parity.ParityOptions;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Safetensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every golden model on every backend: what PyTorch computed, from both kinds of weight files.
 * {@code se-trans-audio-only} (three encoder layers of four heads) and {@code mobile-asc-net-none} (one block without a
 * shortcut) are networks of {@code tools/reference} with sizes and random weights of their own.
 */
class GoldenModelsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final String BASELINE = "public-code/se_trans_baseline";
    private static final List<String> MODELS = List.of(
            "ascmamba-small",
            "ascmamba-unconditioned",
            "se-trans",
            "se-trans-audio-only",
            "se-trans-two-stage",
            "mobile-asc-net-none",
            "mobile-asc-net-early",
            "mobile-asc-net-gated",
            BASELINE);

    /** What the project promises: the largest difference in units of the golden values' standard deviation. */
    private static final double TOLERANCE = 1e-4;

    static ModelDirectory read(String model) {
        return ModelDirectory.read(GOLDEN.resolve(model), checkpoint(model), KeyMap.identity());
    }

    /** The challenge's trainer wrote no safetensors, and another name. */
    private static Path checkpoint(String model) {
        return model.equals(BASELINE) ? GOLDEN.resolve(BASELINE).resolve("best_model_2.pth") : null;
    }

    /**
     * Each takes the CPU, in place of a device, half a minute or more, and has no layer that {@code se-trans-two-stage}
     * lacks.
     */
    private static final Set<String> ON_DEVICES_ONLY = Set.of("se-trans", BASELINE);

    static Stream<Arguments> modelsAndBackends() {
        boolean device = onADevice();
        return MODELS.stream()
                .flatMap(model -> Stream.of("portable", "cpu", "cuda").map(name -> Arguments.of(model, name)))
                .filter(arguments -> device
                        || !arguments.get()[1].equals("cuda")
                        || !ON_DEVICES_ONLY.contains((String) arguments.get()[0]));
    }

    /** Whether the kernels of "cuda" do not run on the CPU. */
    private static boolean onADevice() {
        if (!CudaKernels.built()) {
            return false;
        }
        Backend loaded = start("cuda"); // Before the library is asked for.
        assertEquals("cuda", loaded.name());
        return EarshotCuda.earshot_cuda_build() != EarshotCuda.EARSHOT_CUDA_BUILD_EMULATION;
    }

    /** The backend of a name; of "cuda" the kernels executed on the CPU, which are not for users to start. */
    private static Backend start(String name) {
        return name.equals("cuda") ? CudaKernels.start(Precision.FLOAT32) : Backends.start(name, 2);
    }

    @ParameterizedTest
    @MethodSource("modelsAndBackends")
    void agreesWithPyTorch(String model, String backend) {
        ModelDirectory directory = read(model);
        Path golden = GOLDEN.resolve(model).resolve("golden.safetensors");
        Set<String> expected = Safetensors.read(golden).tensors().keySet().stream()
                .filter(name -> name.startsWith("output."))
                .collect(Collectors.toCollection(TreeSet::new));
        ParityOptions options = ParityOptions.alongTheRun(Precision.FLOAT32, Tolerances.of(TOLERANCE));
        ParityResult result = Parity.check(directory, golden, start(backend), options);
        Set<String> compared =
                result.comparisons().stream().map(Comparison::name).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(expected, compared);
        for (Comparison comparison : result.comparisons()) {
            assertTrue(comparison.passes(), comparison.name() + ": " + comparison.difference());
            assertTrue(comparison.difference().spread() > 0);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ascmamba-small",
        "ascmamba-unconditioned",
        "se-trans",
        "se-trans-two-stage",
        "mobile-asc-net-early",
        "mobile-asc-net-gated"
    })
    void checkpointAndSafetensorsAreTheSameModel(String model) {
        List<float[]> one = parameters(read(model));
        List<float[]> other = parameters(
                ModelDirectory.read(GOLDEN.resolve(model), GOLDEN.resolve(model + "/model.pth"), KeyMap.identity()));
        assertEquals(one.size(), other.size());
        for (int i = 0; i < one.size(); i++) {
            assertArrayEquals(one.get(i), other.get(i));
        }
    }

    /** The weights of all layers, as a native backend would get them. */
    private static List<float[]> parameters(ModelDirectory directory) {
        return directory.model().network().nodes().stream()
                .map(node -> PackedLayer.of(node.layer()).weights())
                .toList();
    }

    /**
     * Trained numbers as tools/reference/spec/models.md and the papers count them: without the baseline's unused copy.
     */
    @ParameterizedTest
    @CsvSource({"se-trans, 361946", BASELINE + ", 361946", "mobile-asc-net-gated, 366266"})
    void countsParametersAsThePapersDo(String model, long expected) {
        assertEquals(expected, read(model).model().network().parameters());
    }
}
