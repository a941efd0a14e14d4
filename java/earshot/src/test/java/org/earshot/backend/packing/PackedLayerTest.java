package org.earshot.backend.packing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.earshot.backend.Precision;
import org.earshot.backend.cpu.CpuProvider;
import org.earshot.backend.cpu.EarshotCpu;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.layer.LogMelSpectrogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The constants of earshot_layers.h, as JavaCPP read them, against those that layers are packed with. */
class PackedLayerTest {
    /** By its provider, which knows where the library is: JavaCPP alone, which would try first, does not. */
    @BeforeAll
    static void loadTheLibrary() {
        new CpuProvider().start(1, Precision.FLOAT32, OptionalInt.empty());
    }

    /** The header's constants of one group, without their prefix. */
    private static Map<String, Integer> header(String prefix) throws IllegalAccessException {
        Map<String, Integer> constants = new TreeMap<>();
        for (Field field : EarshotCpu.class.getFields()) {
            if (field.getName().startsWith(prefix)) {
                constants.put(field.getName().substring(prefix.length()), field.getInt(null));
            }
        }
        return constants;
    }

    @Test
    void kindsAreTheHeaders() throws IllegalAccessException {
        Map<String, Integer> kinds =
                Arrays.stream(LayerKind.values()).collect(Collectors.toMap(Enum::name, LayerKind::code));
        assertEquals(header("EARSHOT_LAYER_"), kinds);
    }

    /** The triangles of the second band, by hand: its edges lie at 0, 100, 200 and 300 Hz, a bin is 62.5 Hz wide. */
    @Test
    void theFrontEndIsItsNumbersAndFilters() {
        PackedLayer packed = PackedLayer.of(
                new LogMelSpectrogram(new FeatureParameters(1000, 16, 12, 5, 2, 0, 300, 7, PadMode.REFLECT, 60)));
        assertEquals(LayerKind.LOG_MEL, packed.kind());
        assertArrayEquals(new int[] {16, 12, 5, 2, 7, LogMelPacking.PAD_REFLECT, 1, 3, 2, 3}, packed.numbers());
        float scale = 0.01f;
        float[] expected = {
            0.625f * scale, 0.75f * scale, 0.125f * scale, 0.25f * scale, 0.875f * scale, 0.5f * scale, 60
        };
        // Rounded twice to float32 (6e-8 of the value), after triangles from edges in float64.
        assertArrayEquals(expected, packed.weights(), 2 * 6e-8f * scale);
    }

    @Test
    void choicesAreTheHeaders() throws IllegalAccessException {
        assertEquals(
                header("EARSHOT_NORM_"),
                Map.of(
                        "NONE", MambaPathPacking.NORM_NONE,
                        "LAYER", MambaPathPacking.NORM_LAYER,
                        "CONDITIONAL", MambaPathPacking.NORM_CONDITIONAL));
        assertEquals(
                header("EARSHOT_AXIS_"),
                Map.of("TIME", MambaPathPacking.AXIS_TIME, "FREQUENCY", MambaPathPacking.AXIS_FREQUENCY));
        assertEquals(
                header("EARSHOT_PAD_"),
                Map.of("CONSTANT", LogMelPacking.PAD_CONSTANT, "REFLECT", LogMelPacking.PAD_REFLECT));
        assertEquals(
                header("EARSHOT_PRECISION_"),
                Map.of(
                        "FLOAT32", PackedBackend.PRECISION_FLOAT32,
                        "BF16", PackedBackend.PRECISION_BF16,
                        "TF32", PackedBackend.PRECISION_TF32));
        assertEquals(header("EARSHOT_POOL_"), Map.of("MEAN", LayerPacker.POOL_MEAN, "MAX", LayerPacker.POOL_MAX));
    }
}
