package org.earshot.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.error.EarshotException;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;
import org.earshot.parity.Parity;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AscMambaTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path SMALL = GOLDEN.resolve("ascmamba-small");

    @TempDir
    Path temporary;

    private static Map<String, Shape> feeds(int frames) {
        return Map.of(
                Network.FEATURES, Shape.of(1, frames, 64, 1),
                Network.LOCATION, Shape.of(1, 1),
                Network.TIME_FEATURES, Shape.of(1, 8));
    }

    @Test
    void aFedConditionReplacesTheContext() {
        ModelDirectory directory = ModelDirectory.read(SMALL, null, KeyMap.identity());
        Backend backend = Backends.start("portable", 1);
        try (PreparedNetwork network = new PreparedNetwork(directory.model().network(), backend);
                NetworkSession session = network.open()) {
            session.plan(feeds(2), List.of(Network.LOGITS, Network.CONDITION));
            session.feed(Network.FEATURES, new float[2 * 64]);
            session.feed(Network.LOCATION, new float[] {7});
            session.feed(Network.TIME_FEATURES, new float[] {0, 1, 0, 1, 0, 1, 0, 1});
            session.run();
            float[] condition = new float[directory.model().conditionWidth()];
            session.fetch(Network.CONDITION, condition);
            float[] expected = new float[10];
            session.fetch(Network.LOGITS, expected);

            session.plan(
                    Map.of(Network.FEATURES, Shape.of(1, 2, 64, 1), Network.CONDITION, Shape.of(1, condition.length)),
                    List.of(Network.LOGITS));
            session.feed(Network.FEATURES, new float[2 * 64]);
            session.feed(Network.CONDITION, condition);
            session.run();
            float[] actual = new float[10];
            session.fetch(Network.LOGITS, actual);
            assertArrayEquals(expected, actual);
        }
    }

    @Test
    void aPlanThatLacksAnInputNamesIt() {
        ModelDirectory directory = ModelDirectory.read(SMALL, null, KeyMap.identity());
        try (PreparedNetwork network = new PreparedNetwork(directory.model().network(), Backends.start("portable", 1));
                NetworkSession session = network.open()) {
            Map<String, Shape> features = Map.of(Network.FEATURES, Shape.of(1, 5, 64, 1));
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> session.plan(features, List.of(Network.LOGITS)));
            assertTrue(e.getMessage().contains("location"), e.getMessage());
            Map<String, Shape> narrow = Map.of(Network.FEATURES, Shape.of(1, 5, 2, 1));
            e = assertThrows(IllegalArgumentException.class, () -> session.plan(narrow, List.of("dense_encoder")));
            assertTrue(e.getMessage().startsWith("dense_encoder: "), e.getMessage());
        }
    }

    @Test
    void parametersAreCountedWithoutTheMeanRow() {
        ModelDirectory directory = ModelDirectory.read(SMALL, null, KeyMap.identity());
        long stored = directory.weights().tensors().values().stream()
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
        assertEquals(stored, directory.model().network().parameters());
    }

    @Test
    void oneErrorListsAllThatDoesNotFit() throws IOException {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>(
                Safetensors.read(SMALL.resolve("model.safetensors")).tensors());
        WeightTensor moved = tensors.remove("blocks.1.tlinear.bias");
        tensors.put("blocks.1.tlinear.biass", moved);
        tensors.put("blocks.0.flinear.bias", WeightTensor.of(Shape.of(3), 1, 2, 3));
        Path broken = temporary.resolve("broken.safetensors");
        Safetensors.write(broken, tensors);
        String message = refusal(broken);
        for (String part : List.of(
                "broken.safetensors",
                "blocks.1.tlinear.bias",
                "blocks.1.tlinear.biass",
                "blocks.0.flinear.bias",
                "[3]",
                "[16]")) {
            assertTrue(message.contains(part), () -> part + " in " + message);
        }
    }

    @Test
    void foreignNamesAreListedWithTheNearest() throws IOException {
        Map<String, WeightTensor> foreign = new LinkedHashMap<>();
        Safetensors.read(SMALL.resolve("model.safetensors"))
                .tensors()
                .forEach((name, tensor) -> foreign.put(name.replaceFirst("^blocks\\.", "net.core."), tensor));
        Path file = temporary.resolve("foreign.safetensors");
        Safetensors.write(file, foreign);
        String message = refusal(file);
        for (String part : List.of(
                "foreign.safetensors",
                "missing (52)",
                "unexpected (104)",
                "nearest: \"net.core.0.time_cln.gamma.weight\"",
                "this key map (--key-map FILE) would mend it:",
                "{\"^net\\\\.core\\\\.\":\"blocks.\"}")) {
            assertTrue(message.contains(part), () -> part + " in " + message);
        }
        ModelDirectory mapped = ModelDirectory.read(SMALL, file, KeyMap.parse("{\"^net\\\\.core\\\\.\": \"blocks.\"}"));
        assertEquals(Architecture.ASCMAMBA, mapped.model().architecture());
    }

    @Test
    void weightsOfAnotherSystemAreRefused() {
        String message = refusal(GOLDEN.resolve("public-code/se_trans_baseline/best_model_2.pth"));
        assertTrue(message.contains("best_model_2.pth"), message);
    }

    private static String refusal(Path weights) {
        EarshotException e =
                assertThrows(EarshotException.class, () -> ModelDirectory.read(SMALL, weights, KeyMap.identity()));
        assertTrue(e instanceof WeightsException || e instanceof ModelException);
        return e.getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "Bar"               | "Bar", "Beach"       | labels
                    "Dandong"           | "Dandong", "Paris"   | context.locations
                    "architecture": "ascmamba" | "architecture": "se-trans" | architecture
                    "model": {}         | "model": {"pre_norm": "some"} | model.pre_norm
                    "model": {}         | "model": {"heads": 8} | heads
                    """)
    void aConfigurationThatContradictsTheWeightsNamesTheField(String from, String to, String field) throws IOException {
        String config = Files.readString(SMALL.resolve("config.json"));
        assertTrue(config.contains(from), from);
        Files.writeString(temporary.resolve("config.json"), config.replace(from, to));
        ModelException e = assertThrows(
                ModelException.class,
                () -> ModelDirectory.read(temporary, SMALL.resolve("model.safetensors"), KeyMap.identity()));
        assertTrue(e.getMessage().contains(field), e.getMessage());
        assertTrue(e.getMessage().contains("config.json"), e.getMessage());
    }

    @Test
    void contextAndWeightsMustAgree() throws IOException {
        Path unconditioned = GOLDEN.resolve("ascmamba-unconditioned");
        for (Path[] pair : new Path[][] {{SMALL, unconditioned}, {unconditioned, SMALL}}) {
            ModelException e = assertThrows(
                    ModelException.class,
                    () -> ModelDirectory.read(pair[0], pair[1].resolve("model.safetensors"), KeyMap.identity()));
            assertTrue(e.getMessage().contains("context"), e.getMessage());
        }
        assertFalse(ModelDirectory.read(unconditioned, null, KeyMap.identity())
                .model()
                .contextInputs()
                .contains(Network.LOCATION));
    }

    @Test
    void parityNeedsAGolden() {
        ModelException e = assertThrows(ModelException.class, () -> Parity.goldens(temporary));
        assertTrue(e.getMessage().contains("golden"), e.getMessage());
    }
}
