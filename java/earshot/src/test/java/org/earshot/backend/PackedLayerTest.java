package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.earshot.backend.cpu.EarshotCpu;
import org.junit.jupiter.api.Test;

/** The constants of earshot_layers.h, as JavaCPP read them, against those that layers are packed with. */
class PackedLayerTest {
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
                Arrays.stream(PackedLayer.Kind.values()).collect(Collectors.toMap(Enum::name, PackedLayer.Kind::code));
        assertEquals(header("EARSHOT_LAYER_"), kinds);
    }

    @Test
    void choicesAreTheHeaders() throws IllegalAccessException {
        assertEquals(
                header("EARSHOT_NORM_"),
                Map.of(
                        "NONE", PackedLayer.NORM_NONE,
                        "LAYER", PackedLayer.NORM_LAYER,
                        "CONDITIONAL", PackedLayer.NORM_CONDITIONAL));
        assertEquals(
                header("EARSHOT_AXIS_"),
                Map.of("TIME", PackedLayer.AXIS_TIME, "FREQUENCY", PackedLayer.AXIS_FREQUENCY));
        assertEquals(header("EARSHOT_POOL_"), Map.of("MEAN", PackedLayer.POOL_MEAN, "MAX", PackedLayer.POOL_MAX));
    }
}
