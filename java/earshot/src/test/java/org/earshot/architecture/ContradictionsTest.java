package org.earshot.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.backend.choice.Backends;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Configurations of SE-Trans and MobileASCNet that contradict the weights: the error names file and field. */
class ContradictionsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    Path temporary;

    /** Reads a golden model whose configuration has one text replaced. */
    private ModelDirectory edited(String model, String from, String to) throws IOException {
        // Line breaks and blanks between tokens do not matter here.
        String config =
                Files.readString(GOLDEN.resolve(model).resolve("config.json")).replaceAll("\\s*\n\\s*", "");
        assertTrue(config.contains(from), config);
        Files.writeString(temporary.resolve("config.json"), config.replace(from, to));
        return ModelDirectory.read(temporary, GOLDEN.resolve(model).resolve("model.safetensors"), KeyMap.identity());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            se-trans | "heads": 8 | "heads": 7 | model.heads: found 7; expected a divisor of 128
            se-trans | "heads": 8 | "heads": 0 | model.heads: found the number 0
            se-trans | "heads": 8 | "layers": 1 | unknown field "layers"
            se-trans | "heads": 8 | "se_scales": [1, 2] | model.se_scales: found [1, 2], whose squares sum to 5; expected scales whose squares sum to 1,
            se-trans | "heads": 8 | "se_scales": [0] | model.se_scales[0]: found the number 0
            se-trans | "heads": 8 | "coarse_labels": ["in"] | model.coarse_labels: found the field; expected none
            se-trans | "heads": 8 | "superset": {} | model.superset: found the field; expected none
            se-trans | ,"Bar"] | ] | labels: found 9 labels; expected 10
            se-trans | "Bus","Airport" | "Bus","Beach","Airport" | labels: found 11 labels; expected 10
            se-trans | "Dandong" | "Dandong","Paris" | context.locations: found 23 cities; expected 22
            se-trans | "n_mels": 64 | "n_mels": 40 | features.n_mels: found 40; expected 64
            se-trans-audio-only | "heads": 4 | "heads": 3 | model.heads: found 3; expected a divisor of 16
            se-trans-two-stage | "heads": 8 | "heads": 9 | model.heads: found 9
            se-trans-two-stage | [1,2,3] | [1] | model.se_scales: found [1], whose squares sum to 1; expected scales whose squares sum to 14
            se-trans-two-stage | ["indoor","outdoor"] | ["indoor","outdoor","vehicle"] | model.coarse_labels: found 3 labels; expected 2
            se-trans-two-stage | ["indoor","outdoor"] | ["indoor","outside"] | model.superset: found "outdoor" as the superset of "Airport"; expected one of [indoor, outside]
            se-trans-two-stage | "Metro": "indoor", | `` | model.superset: found no superset of "Metro"
            se-trans-two-stage | "Metro": "indoor", | "Metro": "indoor","Subway": "indoor", | model.superset: found the label "Subway"
            se-trans-two-stage | "Metro": "indoor", | "Metro": 1, | model.superset."Metro": found the number 1
            se-trans-two-stage | "coarse_labels" | "course_labels" | model.coarse_labels: found nothing
            mobile-asc-net-gated | "gated" | "early" | model.fusion: found early; expected gated
            mobile-asc-net-gated | "gated" | "none" | model.fusion: found none; expected gated
            mobile-asc-net-early | "early" | "gated" | model.fusion: found gated; expected early
            mobile-asc-net-early | "early" | "late" | model.fusion: found "late"; expected one of [none, early, gated]
            mobile-asc-net-none | "none" | "gated" | model.fusion: found gated; expected none
            mobile-asc-net-gated | ,"Bar"] | ] | labels: found 9 labels; expected 10
            mobile-asc-net-gated | "n_mels": 64 | "n_mels": 80 | features.n_mels: found 80; expected 64
            mobile-asc-net-gated | "n_mels": 64 | "n_mels": 7 | features.n_mels: found 7; expected 64
            mobile-asc-net-gated | "frames": 500 | "frames": 7 | features.frames: found 7; expected at least 8
            se-trans | "frames": 500 | "frames": 3 | features.frames: found 3; expected at least 4
            mobile-asc-net-gated | mobile-asc-net | se-trans | architecture: found se-trans; expected mobile-asc-net
            """)
    void nameFileAndField(String model, String from, String to, String part) {
        ModelException e = assertThrows(ModelException.class, () -> edited(model, from, to));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertTrue(e.getMessage().contains("config.json"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"se-trans", "mobile-asc-net-gated"})
    void aContextThatIsNotThereIsNamed(String model) {
        ModelException e = assertThrows(
                ModelException.class,
                () -> edited(model, "\"time_encoding\": \"cyclic\"", "\"time_encoding\": \"cyclical\""));
        assertTrue(e.getMessage().contains("context.time_encoding"), e.getMessage());
        Path audioOnly = GOLDEN.resolve(model.equals("se-trans") ? "se-trans-audio-only" : "mobile-asc-net-none");
        e = assertThrows(
                ModelException.class,
                () -> ModelDirectory.read(audioOnly, GOLDEN.resolve(model + "/model.safetensors"), KeyMap.identity()));
        assertTrue(e.getMessage().contains("config.json"), e.getMessage());
    }

    /** What may be left out of a configuration: the weights, or the papers, say it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            se-trans | "heads": 8 | ``
            mobile-asc-net-gated | "fusion": "gated" | ``
            mobile-asc-net-early | "fusion": "early" | ``
            """)
    void defaultsAreThePapers(String model, String from, String to) throws IOException {
        assertEquals(
                GoldenModelsTest.read(model).model().network().parameters(),
                edited(model, from, to).model().network().parameters());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ascmamba-small",
                "ascmamba-unconditioned",
                "se-trans",
                "se-trans-two-stage",
                "se-trans-audio-only",
                "mobile-asc-net-gated",
                "mobile-asc-net-none"
            })
    void everyMissingOrMisshapenTensorIsListed(String model) throws IOException {
        Path file = GOLDEN.resolve(model).resolve("model.safetensors");
        Weights all = Safetensors.read(file);
        ModelConfig config = ModelConfig.read(GOLDEN.resolve(model).resolve("config.json"));
        for (String name : all.tensors().keySet()) {
            if (name.endsWith("num_batches_tracked")) {
                continue;
            }
            for (WeightTensor replacement : new WeightTensor[] {null, WeightTensor.of(Shape.of(1, 2, 1), 1f, 2f)}) {
                WeightsException e = assertThrows(
                        WeightsException.class,
                        () -> ModelDirectory.compose(config, changed(all, name, replacement)),
                        name);
                String finding = replacement == null ? "missing (1):" : "wrongly shaped (1):";
                assertTrue(e.getMessage().contains(finding), () -> name + ": " + e.getMessage());
                assertTrue(e.getMessage().contains("    " + name), () -> name + ": " + e.getMessage());
                // Its finding and nothing else: three lines and that of the expectation.
                assertEquals(4, e.getMessage().lines().count(), () -> name + ": " + e.getMessage());
            }
        }
    }

    private static Weights changed(Weights weights, String name, WeightTensor replacement) {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>(weights.tensors());
        if (replacement == null) {
            tensors.remove(name);
        } else {
            tensors.put(name, replacement);
        }
        return new Weights() {
            @Override
            public Path source() {
                return weights.source();
            }

            @Override
            public Map<String, WeightTensor> tensors() {
                return tensors;
            }

            @Override
            public List<String> leftOut() {
                return List.of();
            }
        };
    }

    /** The error of a plan says how many frames the pooling needs, and the model how many the network does. */
    @ParameterizedTest
    @CsvSource({"se-trans, 4", "se-trans-audio-only, 4", "mobile-asc-net-none, 8", "mobile-asc-net-gated, 8"})
    void fewestFramesAreWhatThePoolingsLeaveOneOf(String name, int frames) {
        SceneModel model = GoldenModelsTest.read(name).model();
        assertEquals(frames, model.minimumFrames());
        try (PreparedNetwork network = new PreparedNetwork(model.network(), Backends.start("portable", 1));
                NetworkSession session = network.open()) {
            session.plan(feeds(frames), List.of(Network.LOGITS));
            session.run();
            float[] logits = new float[10];
            session.fetch(Network.LOGITS, logits);
            for (float logit : logits) {
                assertTrue(Float.isFinite(logit));
            }
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class, () -> session.plan(feeds(frames - 1), List.of(Network.LOGITS)));
            assertTrue(e.getMessage().contains("at least 2 frames"), e.getMessage());
        }
    }

    private static Map<String, Shape> feeds(int frames) {
        return Map.of(
                Network.FEATURES, Shape.of(1, frames, 64, 1),
                Network.LOCATION, Shape.of(1, 1),
                Network.TIME_FEATURES, Shape.of(1, 8));
    }

    /** Names of another origin: everything is told, and nothing else complains before. */
    @Test
    void foreignNamesAreListed() {
        for (String model : List.of("se-trans-two-stage", "mobile-asc-net-gated", "mobile-asc-net-early")) {
            KeyMap foreign = KeyMap.parse("{\"^([^.]*)\": \"my_$1\"}");
            WeightsException e = assertThrows(
                    WeightsException.class, () -> ModelDirectory.read(GOLDEN.resolve(model), null, foreign));
            assertTrue(e.getMessage().contains("missing"), e.getMessage());
            assertTrue(e.getMessage().contains("nearest"), e.getMessage());
            assertTrue(e.getMessage().lines().count() <= 24, e.getMessage());
        }
    }
}
