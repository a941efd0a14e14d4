package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.earshot.layer.Activation;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.Gru;
import org.earshot.layer.Layer;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers against outputs of public PyTorch code, and of the reference modules in PyTorch
 * ({@code tools/reference/fixtures/layers.py}) where the public code leaves a case out. Tolerance: 1e-4 of the output's
 * standard deviation, what the project promises for the whole network; with bfloat16 products that of
 * {@link BackendContractTest}.
 */
class GoldenLayersTest {
    private static void assertClose(
            BackendContractTest.Maker maker, Layer layer, String what, float[] expected, float[] actual) {
        double bound = maker.goldenTolerance(layer) * Runner.deviation(expected);
        double difference = Runner.difference(expected, actual);
        assertTrue(difference <= bound, () -> what + ": difference " + difference + " above " + bound);
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void denseEncoder(BackendContractTest.Maker maker) {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/dense_encoder.safetensors");
        Parameter input = Runner.channelsLast(firstClip(fixture.parameter("input")));
        Parameter expected = Runner.channelsLast(firstClip(fixture.parameter("output")));
        DenseEncoder layer = fixture.denseEncoder();
        float[] actual = Runner.run(maker.make().apply(2), layer, input);
        assertClose(maker, layer, "encoder", expected.values(), actual);
    }

    /** Clips have nothing to do with each other, and each takes a device's kernels seconds on the CPU. */
    private static Parameter firstClip(Parameter x) {
        int values = x.values().length / x.extent(0);
        return new Parameter(Shape.of(1, x.extent(1), x.extent(2), x.extent(3)), Arrays.copyOf(x.values(), values));
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void dualPathBlock(BackendContractTest.Maker maker) {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/time_frequency_mamba_block.safetensors");
        Backend backend = maker.make().apply(2);
        Parameter input = Runner.channelsLast(fixture.parameter("input"));
        Parameter expected = Runner.channelsLast(fixture.parameter("output"));
        float[] between = Runner.run(backend, fixture.mambaPath("blocks.0", MambaPath.Axis.TIME), input);
        MambaPath last = fixture.mambaPath("blocks.0", MambaPath.Axis.FREQUENCY);
        float[] actual = Runner.run(backend, last, new Parameter(input.shape(), between));
        assertClose(maker, last, "block", expected.values(), actual);
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void otherSizes(BackendContractTest.Maker maker) {
        for (String name : List.of("conditional", "plain", "long")) {
            otherSizes(maker, name);
        }
    }

    private static void otherSizes(BackendContractTest.Maker maker, String name) {
        Backend backend = maker.make().apply(2);
        LayerFixtures fixture = new LayerFixtures("/layers/" + name + ".safetensors");
        Parameter x = fixture.parameter("input");
        MambaPath path = null;
        for (MambaPath.Axis axis : MambaPath.Axis.values()) {
            path = fixture.mambaPath("blocks.0", axis);
            float[] y = path.norm() instanceof PreNorm.Conditional
                    ? Runner.run(backend, path, x, fixture.parameter("condition"))
                    : Runner.run(backend, path, x);
            x = new Parameter(x.shape(), y);
        }
        assertClose(maker, path, name, fixture.values("output"), x.values());
    }

    /** Runs all cases of a file. */
    private static void check(
            BackendContractTest.Maker maker, String file, Function<LayerFixtures, Layer> layer, String output) {
        Backend backend = maker.make().apply(2);
        Map<String, LayerFixtures> cases = new LayerFixtures("/layers/" + file + ".safetensors").cases();
        assertFalse(cases.isEmpty());
        cases.forEach((name, fixture) -> {
            Layer made = layer.apply(fixture);
            float[] actual = Runner.run(backend, made, fixture.parameter("input"));
            assertClose(maker, made, file + " " + name, fixture.values(output), actual);
        });
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void squeezeExcitation(BackendContractTest.Maker maker) {
        for (boolean pooled : new boolean[] {false, true}) {
            Function<LayerFixtures, Layer> layer = fixture -> new SqueezeExcitation(
                    fixture.same("convolution"),
                    fixture.parameter("fc.0.weight"),
                    fixture.parameter("fc.2.weight"),
                    fixture.integers("scales"),
                    pooled);
            check(maker, "squeeze-excitation", layer, pooled ? "pooled" : "output");
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void tokenPool(BackendContractTest.Maker maker) {
        check(
                maker,
                "token-pool",
                fixture -> new TokenPool(fixture.parameter("input").extent(3), 16),
                "output");
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void transformer(BackendContractTest.Maker maker) {
        Function<LayerFixtures, Layer> layer = fixture -> new Transformer(
                fixture.integers("heads").get(0),
                new Linear(
                        fixture.parameter("self_attn.in_proj_weight"),
                        fixture.parameter("self_attn.in_proj_bias"),
                        Activation.NONE),
                fixture.linear("self_attn.out_proj"),
                fixture.linear("linear1", Activation.RELU),
                fixture.linear("linear2"),
                fixture.layerNorm("norm1"),
                fixture.layerNorm("norm2"));
        check(maker, "transformer", layer, "output");
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void residualSeparable(BackendContractTest.Maker maker) {
        Function<LayerFixtures, Layer> layer = fixture -> new ResidualSeparable(
                fixture.same("convolution"),
                fixture.parameter("depthwise.weight"),
                fixture.pointwise("pointwise"),
                fixture.has("shortcut.weight") ? fixture.pointwise("shortcut") : null);
        check(maker, "residual-separable", layer, "output");
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void gru(BackendContractTest.Maker maker) {
        Function<LayerFixtures, Layer> layer = fixture -> new Gru(
                Gru.channelsFastest(
                        fixture.parameter("weight_ih_l0"),
                        fixture.parameter("input").extent(3)),
                fixture.parameter("weight_hh_l0"),
                fixture.parameter("bias_ih_l0"),
                fixture.parameter("bias_hh_l0"));
        check(maker, "gru", layer, "output");
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void gatedFusion(BackendContractTest.Maker maker) {
        Function<LayerFixtures, Layer> layer = fixture -> new GatedFusion(
                fixture.linear("carry_gate"), fixture.linear("transform_gate"), fixture.linear("transform"));
        check(maker, "gated-fusion", layer, "output");
    }
}
