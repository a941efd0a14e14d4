package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.WeightsException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyMapTest {
    @TempDir
    Path folder;

    private static Weights weights(String... names) {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        for (String name : names) {
            tensors.put(name, WeightTensor.of(Shape.of(), 1f));
        }
        return new LoadedWeights(Path.of("w.pth"), tensors, List.of("epoch"));
    }

    @Test
    void rulesApplyInOrderEachToWhatTheOneBeforeLeft() throws IOException {
        Path file = Files.writeString(
                folder.resolve("map.json"),
                "{\"^encoder\\\\.\": \"dense_encoder.\", \"layer(\\\\d+)\": \"blocks.$1\","
                        + " \"blocks.0\": \"blocks.9\"}");
        Weights mapped = KeyMap.read(file).apply(weights("encoder.layer0.w", "layer1.layer2", "my.encoder.w"));
        assertEquals(
                List.of("dense_encoder.blocks.9.w", "blocks.1.blocks.2", "my.encoder.w"),
                List.copyOf(mapped.tensors().keySet()));
        assertEquals(List.of("epoch"), mapped.leftOut());
    }

    @Test
    void theIdentityChangesNothing() {
        Weights weights = weights("a");
        assertSame(weights, KeyMap.identity().apply(weights));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            []                       | no JSON object
            {"a": 1}                 | "a": found a value that is no string
            {"a(": "b"}              | "a(": found Unclosed group
            {"a": "b", "a": "c"}     | Duplicate
            {"a": "b"} x             | no JSON
            {"a": "b"} {}            | text behind the object
            {"a": "b"                | no JSON
            """)
    void refusesBadMaps(String json, String message) {
        String found =
                assertThrows(WeightsException.class, () -> KeyMap.parse(json)).getMessage();
        assertTrue(found.contains(message), found);
    }

    @Test
    void aMissingFileIsRefused() {
        assertThrows(WeightsException.class, () -> KeyMap.read(folder.resolve("absent.json")));
    }

    @Test
    void aCollisionNamesBoth() {
        String found = assertThrows(WeightsException.class, () -> KeyMap.parse("{\"[ab]\": \"c\"}")
                        .apply(weights("a.w", "b.w")))
                .getMessage();
        assertTrue(found.contains("\"a.w\" and \"b.w\" both renamed to \"c.w\""), found);
    }

    @Test
    void aReplacementWithoutItsGroupNamesTheRule() {
        for (String replacement : List.of("$1", "${name}", "$")) {
            KeyMap map = KeyMap.parse("{\"a\": \"" + replacement + "\"}");
            String found = assertThrows(WeightsException.class, () -> map.apply(weights("a")))
                    .getMessage();
            assertTrue(found.contains("key map: \"a\""), found);
        }
    }

    @Test
    void backtrackingIsBounded() {
        // Looks at the name about n^5 / 5! times.
        KeyMap map = KeyMap.parse("{\"(.*)(.*)(.*)(.*)(.*)x\": \"b\"}");
        String found = assertThrows(WeightsException.class, () -> map.apply(weights("a".repeat(60))))
                .getMessage();
        assertTrue(found.contains("too many steps"), found);
    }

    @Test
    void namesDoNotGrowWithoutBound() {
        KeyMap map = KeyMap.parse("{\".\": \"" + "x".repeat(900) + "\"}");
        assertThrows(WeightsException.class, () -> map.apply(weights("abc")));
        assertThrows(WeightsException.class, () -> KeyMap.parse("{\"a\": \"\"}").apply(weights("a")));
    }
}
