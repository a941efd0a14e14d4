package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.backend.portable.PortableBackend;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Parameter;
import org.junit.jupiter.api.Test;

/**
 * Layers against outputs of public PyTorch code. Tolerance: 1e-4 of the output's standard deviation, what the project
 * promises for the whole network.
 */
class GoldenLayersTest {
    private static void assertClose(float[] expected, float[] actual) {
        double bound = 1e-4 * Runner.deviation(expected);
        double difference = Runner.difference(expected, actual);
        assertTrue(difference <= bound, () -> "difference " + difference + " above " + bound);
    }

    @Test
    void denseEncoder() {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/dense_encoder.safetensors");
        Parameter input = Runner.channelsLast(fixture.parameter("input"));
        Parameter expected = Runner.channelsLast(fixture.parameter("output"));
        assertClose(expected.values(), Runner.run(new PortableBackend(2), fixture.denseEncoder(), input));
    }

    @Test
    void dualPathBlock() {
        LayerFixtures fixture = new LayerFixtures("/golden/public-code/time_frequency_mamba_block.safetensors");
        Backend backend = new PortableBackend(2);
        Parameter input = Runner.channelsLast(fixture.parameter("input"));
        Parameter expected = Runner.channelsLast(fixture.parameter("output"));
        float[] between = Runner.run(backend, fixture.mambaPath("blocks.0", MambaPath.Axis.TIME), input);
        float[] actual = Runner.run(
                backend,
                fixture.mambaPath("blocks.0", MambaPath.Axis.FREQUENCY),
                new Parameter(input.shape(), between));
        assertClose(expected.values(), actual);
    }
}
