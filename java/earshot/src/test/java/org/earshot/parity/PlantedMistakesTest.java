package org.earshot.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * PyTorch networks in which one thing is done otherwise ({@code tools/reference/fixtures/parity_mistakes.py}): the
 * right layer is the first that differs, and the guess is right, on both backends that a CPU has, along the run and
 * layer by layer. The table in tools/reference/spec/golden-files.md is this one.
 */
class PlantedMistakesTest {
    private static final Path MODELS = Path.of("src/test/resources/parity");

    private static ParityResult check(String system, String mistake, String backend, boolean isolated) {
        Path directory = MODELS.resolve(system);
        ParityOptions options = new ParityOptions(Precision.FLOAT32, isolated, Tolerances.of(Precision.FLOAT32), true);
        return Parity.check(
                ModelDirectory.read(directory, null, KeyMap.identity()),
                directory.resolve("golden-" + mistake + ".safetensors"),
                Backends.start(backend, 2),
                options);
    }

    /** What is said in the last column, after the words with which every guess begins. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ascmamba | factor | module.dense_encoder | a constant factor of 0.500000",
                "mobile-asc-net | shift | module.blocks.0 | a shift by one frame, later",
                "ascmamba | reversed-time | module.blocks.0.time_mamba | reversed time in the second half of the"
                        + " channels (a direction that is not turned back)",
                "se-trans | swapped-axes | module.encoder.layers.0 | swapped axes: FCT read as TFC, in its input",
                "mobile-asc-net | swapped-axes | module.gru | swapped axes: TFC read as TCF, in its input",
                "ascmamba | missing-bias | module.blocks.0.tlinear | a missing bias: without blocks.0.tlinear.bias",
                "se-trans | missing-bias | module.fusion_layer | a missing bias: without fusion_layer.bias",
                "mobile-asc-net | missing-bias | module.gru | a missing bias: without gru.bias_hh_l0",
                "ascmamba | epsilon-instance-norm | module.dense_encoder.dense_block | epsilon: 1e-3 in the instance"
                        + " norms, not 1e-5",
                "ascmamba | epsilon-rms-norm | module.blocks.0.time_mamba | epsilon: 1e-3 in the RMS norms, not 1e-5",
                "ascmamba | epsilon-conditional-norm | module.blocks.0.time_cln | epsilon: 1e-3 in the norms, not 1e-5",
                "se-trans | epsilon-batch-norm | module.SE_block1.se1 | epsilon: 1e-3 in the batch norms, not 1e-5",
                "se-trans | epsilon-layer-norm | module.encoder.layers.0 | epsilon: 1e-3 in the norms, not 1e-5",
                "mobile-asc-net | gate-order | module.gru | a gate order: the GRU's gates are z, r, n, PyTorch's are"
                        + " r, z, n",
                "se-trans | gate-order-attention | module.encoder.layers.0 | a gate order: the attention's projections"
                        + " are k, q, v, PyTorch's are q, k, v",
                "ascmamba | gate-order-mixer | module.blocks.0.time_mamba | a gate order: in_proj gives z before u, the"
                        + " public code's u before z",
                "ascmamba | zero-time | module.context_encoder | zero time features (the baseline's trap: config.json's"
                        + " time_encoding \"zeros\")",
                "se-trans | zero-time | module.time_mapping | zero time features (the baseline's trap: config.json's"
                        + " time_encoding \"zeros\")",
                "se-trans | city | module.location_embedding | another city index: 4 instead of 3, 12 instead of 11",
                "mobile-asc-net | city | module.location_embedding | another city index: 4 instead of 3, 12 instead of"
                        + " 11",
                "ascmamba | float16 | module.context_encoder | float16 weights",
                "mobile-asc-net | float16 | module.blocks.0 | float16 weights",
                "se-trans | softmax | output.logits | a softmax behind it: probabilities, not logits",
            })
    void theRightLayerAndTheRightGuess(String system, String mistake, String layer, String guess) {
        for (String backend : List.of("portable", "cpu")) {
            for (boolean isolated : new boolean[] {false, true}) {
                String where = backend + (isolated ? ", isolated" : ", along the run");
                Comparison first =
                        check(system, mistake, backend, isolated).first().orElseThrow();
                assertEquals(layer, first.name(), where);
                assertEquals("the reference's values come out with " + guess, first.guess(), where);
            }
        }
    }

    /** Where one layer is at fault, no other is blamed when each is fed what the reference fed it. */
    @ParameterizedTest
    @CsvSource({
        "ascmamba, factor",
        "ascmamba, reversed-time",
        "ascmamba, missing-bias",
        "ascmamba, zero-time",
        "se-trans, swapped-axes",
        "se-trans, missing-bias",
        "se-trans, city",
        "mobile-asc-net, shift",
        "mobile-asc-net, gate-order",
        "mobile-asc-net, missing-bias"
    })
    void isolationBlamesNoOtherLayer(String system, String mistake) {
        ParityResult along = check(system, mistake, "portable", false);
        ParityResult isolated = check(system, mistake, "portable", true);
        String node = isolated.first().orElseThrow().node();
        List<String> blamed = isolated.comparisons().stream()
                .filter(one -> !one.passes())
                .map(Comparison::node)
                .distinct()
                .toList();
        assertEquals(List.of(node), blamed);
        assertTrue(along.comparisons().stream().filter(one -> !one.passes()).count() > blamed.size());
    }

    /** Every module of the table agrees where there is no mistake, and rounding stays below what it may amount to. */
    @ParameterizedTest
    @ValueSource(strings = {"ascmamba", "se-trans", "mobile-asc-net"})
    void nothingDiffersWithoutAMistake(String system) {
        for (String backend : List.of("portable", "cpu")) {
            for (boolean isolated : new boolean[] {false, true}) {
                ParityResult result = check(system, "none", backend, isolated);
                assertTrue(result.comparisons().size() >= 10, result.toString());
                for (Comparison one : result.comparisons()) {
                    assertTrue(one.passes(), one.name() + ": " + one.difference());
                    assertTrue(one.difference().relative() <= one.bound(), one.name() + " above its bound");
                    assertEquals("", one.guess());
                }
            }
        }
    }

    @Test
    void isolatedLayersAreFedWhatTheReferenceMade() {
        ParityResult result = check("ascmamba", "none", "portable", true);
        assertEquals(
                List.of("blocks.0.freq"),
                result.of("module.blocks.0").orElseThrow().ran());
        assertEquals(List.of("logits"), result.of("output.logits").orElseThrow().ran());
        ParityResult along = check("ascmamba", "none", "portable", false);
        assertTrue(along.of("output.logits").orElseThrow().ran().contains("dense_encoder"));
    }
}
