package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers against outputs of public PyTorch code, and of the reference modules in PyTorch
 * ({@code tools/reference/fixtures/layers.py}) where the public code leaves a case out. Tolerance: 1e-4 of the output's
 * standard deviation, what the project promises for the whole network; with bfloat16 products that of
 * {@link BackendContractTest}.
 */
class GoldenLayersTest {
    private static void assertClose(BackendContractTest.Maker maker, float[] expected, float[] actual) {
        double bound = maker.goldenTolerance() * Runner.deviation(expected);
        double difference = Runner.difference(expected, actual);
        assertTrue(difference <= bound, () -> "difference " + difference + " above " + bound);
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void denseEncoder(BackendContractTest.Maker maker) {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/dense_encoder.safetensors");
        Parameter input = Runner.channelsLast(fixture.parameter("input"));
        Parameter expected = Runner.channelsLast(fixture.parameter("output"));
        assertClose(maker, expected.values(), Runner.run(maker.make().apply(2), fixture.denseEncoder(), input));
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void dualPathBlock(BackendContractTest.Maker maker) {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/time_frequency_mamba_block.safetensors");
        Backend backend = maker.make().apply(2);
        Parameter input = Runner.channelsLast(fixture.parameter("input"));
        Parameter expected = Runner.channelsLast(fixture.parameter("output"));
        float[] between = Runner.run(backend, fixture.mambaPath("blocks.0", MambaPath.Axis.TIME), input);
        float[] actual = Runner.run(
                backend,
                fixture.mambaPath("blocks.0", MambaPath.Axis.FREQUENCY),
                new Parameter(input.shape(), between));
        assertClose(maker, expected.values(), actual);
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
        for (MambaPath.Axis axis : MambaPath.Axis.values()) {
            MambaPath path = fixture.mambaPath("blocks.0", axis);
            float[] y = path.norm() instanceof PreNorm.Conditional
                    ? Runner.run(backend, path, x, fixture.parameter("condition"))
                    : Runner.run(backend, path, x);
            x = new Parameter(x.shape(), y);
        }
        assertClose(maker, fixture.values("output"), x.values());
    }
}
