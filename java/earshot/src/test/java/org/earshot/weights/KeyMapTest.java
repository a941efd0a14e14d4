package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.earshot.ChildProcess;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
            {"a": false}             | "a": found a value that is no string
            {"a(": "b"}              | "a(": found Unclosed group
            {"a": "b", "a": "c"}     | Duplicate
            {"a": "b"} x             | no JSON
            {"a": "b"} {}            | text behind the object
            {"a": "b"                | no JSON (line 1, column
            """)
    void refusesBadMaps(String json, String message) {
        String found =
                assertThrows(WeightsException.class, () -> KeyMap.parse(json)).getMessage();
        assertTrue(found.contains(message), found);
    }

    @Test
    void nullLeavesTensorsOut() {
        Weights mapped = KeyMap.parse("{\"^net\\\\.\": \"\", \"criterion\": null, \"^x$\": null}")
                .dropping("^n_averaged$")
                .apply(weights("net.a", "net.criterion.w", "criterion", "n_averaged", "net.n_averaged", "n_averaged2"));
        assertEquals(List.of("a", "n_averaged2"), List.copyOf(mapped.tensors().keySet()));
        assertEquals(
                List.of(
                        "epoch",
                        "2 tensors, in whose name \"criterion\" is found",
                        "no tensor, in whose name \"^x$\" is found",
                        "2 tensors, in whose name \"^n_averaged$\" is found"),
                mapped.leftOut());
        assertThrows(WeightsException.class, () -> KeyMap.identity().dropping("("));
    }

    @Test
    void aByteOrderMarkIsPassedOver() throws IOException {
        Path file = Files.writeString(folder.resolve("map.json"), "\uFEFF{\"a\": \"b\"}");
        assertEquals(
                Set.of("b"), KeyMap.read(file).apply(weights("a")).tensors().keySet());
        byte[] wide = "\uFEFF{\"a\": \"b\"}".getBytes(StandardCharsets.UTF_16LE);
        Files.write(file, wide);
        String message =
                assertThrows(WeightsException.class, () -> KeyMap.read(file)).getMessage();
        assertTrue(message.contains("UTF-16") && message.contains("UTF-8"), message);
    }

    /** A pipe would block for ever, a device never end; both have a length of 0. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void pipesAndDevicesAreRefused() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pipe");
        ChildProcess.run(List.of("mkfifo", pipe.toString()));
        for (Path file : List.of(pipe, Path.of("/dev/zero"), Path.of("/dev/full"), folder)) {
            String message = assertThrows(WeightsException.class, () -> KeyMap.read(file))
                    .getMessage();
            assertTrue(message.contains(file == folder ? "a folder" : "no regular file"), message);
        }
        Path large = Files.write(folder.resolve("large.json"), new byte[2 << 20]);
        assertThrows(WeightsException.class, () -> KeyMap.read(large));
    }

    /** Nested groups go down the stack as deep as they are nested, or as often as they repeat. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a|b)*c",
                "(((a|b)+)*)*c",
                "((a)|(b))*",
                "(?:(?:a|b)|(?:a|b))*$",
                "(a*)*b",
                "((((((a|)*)*)*)*)*)*c"
            })
    void noPatternOverflowsTheStack(String pattern) {
        KeyMap map = KeyMap.parse("{\"" + pattern + "\": \"x\"}");
        Runnable apply = () -> {
            try {
                map.apply(weights("ab".repeat(256)));
            } catch (WeightsException e) {
                assertTrue(e.getMessage().startsWith("key map: \"" + pattern), e.getMessage());
            }
        };
        Throwable[] thrown = new Throwable[1];
        Thread little = new Thread(null, apply, "little", 1 << 16);
        little.setUncaughtExceptionHandler((thread, e) -> thrown[0] = e);
        little.start();
        try {
            little.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assertNull(thrown[0]);
    }

    @Test
    void deeplyNestedAndManyRulesAreRefused() throws InterruptedException {
        String nested = "(".repeat(499) + "a" + ")".repeat(499);
        Throwable[] thrown = new Throwable[1];
        Thread little = new Thread(
                null,
                () -> thrown[0] = assertThrows(
                        WeightsException.class, () -> KeyMap.identity().dropping(nested)),
                "little",
                1 << 16);
        little.setUncaughtExceptionHandler((thread, e) -> thrown[0] = e);
        little.start();
        little.join();
        assertTrue(thrown[0].getMessage().contains("Stack overflow during pattern compilation"), thrown[0].toString());
        StringBuilder many = new StringBuilder("{");
        for (int i = 0; i <= 1000; i++) {
            many.append(i == 0 ? "" : ",").append("\"a").append(i).append("\":\"b\"");
        }
        String message = assertThrows(
                        WeightsException.class,
                        () -> KeyMap.parse(many.append('}').toString()))
                .getMessage();
        assertTrue(message.contains("more than 1000 rules"), message);
    }

    @Test
    void aReplacementThatMultipliesIsStoppedEarly() {
        KeyMap map = KeyMap.parse("{\"(.*)\": \"" + "$1".repeat(500) + "\"}");
        String message = assertThrows(WeightsException.class, () -> map.apply(weights("a".repeat(512))))
                .getMessage();
        assertTrue(message.contains("at most 1000"), message);
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
