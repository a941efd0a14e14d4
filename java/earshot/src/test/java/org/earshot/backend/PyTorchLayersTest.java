package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.earshot.backend.BackendContractTest.Maker;
import org.earshot.layer.Activation;
import org.earshot.layer.Convolution;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.Gru;
import org.earshot.layer.Layer;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The layers of SE-Trans and MobileASCNet against PyTorch's own modules in float64
 * ({@code tools/reference/fixtures/layers.py}), on every backend. Tolerance: that of {@link GoldenLayersTest}, 1e-4 of
 * the output's standard deviation in float32.
 */
class PyTorchLayersTest {
    private static final String BACKENDS = "org.earshot.backend.BackendContractTest#backends";

    /** One case of a fixture: its tensors by the names that PyTorch gives them. */
    private record Case(Maker maker, LayerFixtures fixture, String name) {
        Parameter get(String tensor) {
            return fixture.parameter(name + "." + tensor);
        }

        boolean has(String tensor) {
            return fixture.has(name + "." + tensor);
        }

        int[] integers(String tensor) {
            float[] values = get(tensor).values();
            return IntStream.range(0, values.length).map(i -> (int) values[i]).toArray();
        }

        Convolution convolution() {
            return Convolution.same(get("convolution.weight"), get("convolution.bias"));
        }

        Linear linear(String tensor, Activation activation) {
            return new Linear(get(tensor + ".weight"), get(tensor + ".bias"), activation);
        }

        /** A convolution 1x1 as what it is. */
        Linear map(String tensor) {
            Parameter weight = get(tensor + ".weight");
            Shape shape = Shape.of(weight.extent(0), weight.extent(1));
            return new Linear(new Parameter(shape, weight.values()), get(tensor + ".bias"), Activation.NONE);
        }

        LayerNorm norm(String tensor) {
            return new LayerNorm(get(tensor + ".weight"), get(tensor + ".bias"));
        }

        void check(Layer layer, String output) {
            float[] expected = get(output).values();
            float[] actual = Runner.run(maker.make().apply(2), layer, get("input"));
            double bound = maker.goldenTolerance() * Runner.deviation(expected);
            double difference = Runner.difference(expected, actual);
            assertTrue(difference <= bound, () -> name + ": difference " + difference + " above " + bound);
        }
    }

    private static List<Case> cases(Maker maker, String layer, String... names) {
        LayerFixtures fixture = new LayerFixtures("/layers/" + layer + ".safetensors");
        return Arrays.stream(names).map(name -> new Case(maker, fixture, name)).toList();
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void squeezeExcitation(Maker maker) {
        for (Case it : cases(maker, "squeeze-excitation", "single", "multiple", "overlapping", "three")) {
            List<Integer> scales = Arrays.stream(it.integers("scales")).boxed().toList();
            Parameter fc0 = it.get("fc.0.weight");
            Parameter fc2 = it.get("fc.2.weight");
            it.check(new SqueezeExcitation(it.convolution(), fc0, fc2, scales, false), "output");
            it.check(new SqueezeExcitation(it.convolution(), fc0, fc2, scales, true), "pooled");
        }
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void tokenPool(Maker maker) {
        for (Case it : cases(maker, "token-pool", "single", "fewer", "equal", "multiple", "uneven")) {
            it.check(new TokenPool(it.get("input").extent(3), it.get("output").extent(1)), "output");
        }
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void transformer(Maker maker) {
        for (Case it : cases(maker, "transformer", "paper-tokens", "many-heads", "single")) {
            it.check(
                    new Transformer(
                            it.integers("heads")[0],
                            new Linear(
                                    it.get("self_attn.in_proj_weight"),
                                    it.get("self_attn.in_proj_bias"),
                                    Activation.NONE),
                            it.linear("self_attn.out_proj", Activation.NONE),
                            it.linear("linear1", Activation.RELU),
                            it.linear("linear2", Activation.NONE),
                            it.norm("norm1"),
                            it.norm("norm2")),
                    "output");
        }
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void residualSeparable(Maker maker) {
        for (Case it : cases(maker, "residual-separable", "shortcut", "identity", "smallest")) {
            Linear shortcut = it.has("shortcut.weight") ? it.map("shortcut") : null;
            it.check(
                    new ResidualSeparable(it.convolution(), it.get("depthwise.weight"), it.map("pointwise"), shortcut),
                    "output");
        }
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void gru(Maker maker) {
        for (Case it : cases(maker, "gru", "paper-order", "single", "long")) {
            int bands = it.get("input").extent(2);
            int channels = it.get("input").extent(3);
            Parameter weight = it.get("weight_ih_l0");
            int gates = weight.extent(0);
            // PyTorch's columns are in the order of C, F; the engine's in that of F, C.
            Parameter planes = new Parameter(Shape.of(gates, channels, 1, bands), weight.values());
            Parameter reordered =
                    new Parameter(weight.shape(), Runner.channelsLast(planes).values());
            it.check(new Gru(reordered, it.get("weight_hh_l0"), it.get("bias_ih_l0"), it.get("bias_hh_l0")), "output");
        }
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void gatedFusion(Maker maker) {
        for (Case it : cases(maker, "gated-fusion", "odd", "even")) {
            it.check(
                    new GatedFusion(
                            it.linear("carry_gate", Activation.NONE),
                            it.linear("transform_gate", Activation.NONE),
                            it.linear("transform", Activation.NONE)),
                    "output");
        }
    }
}
