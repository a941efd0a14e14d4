package org.earshot.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.architecture.Architecture;
import org.earshot.config.ConfigSection;
import org.earshot.error.ModelException;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ContextParameters.TimeEncoding;
import org.earshot.model.ContextParameters.UnknownLocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path SHARED = Path.of("../../../shared/golden");

    @TempDir
    Path folder;

    @Test
    void readsTheConfigOfTheReference() {
        ModelConfig config = ModelConfig.read(GOLDEN.resolve("ascmamba-small/config.json"));
        assertEquals(Architecture.ASCMAMBA, config.architecture());
        assertEquals("Bus", config.labels().get(0));
        assertEquals(10, config.labels().size());
        assertEquals(FeatureParameters.baseline(), config.features());
        assertEquals(22, config.context().locations().size());
        assertEquals(TimeEncoding.CYCLIC, config.context().timeEncoding());
        assertEquals(UnknownLocation.FIRST, config.context().unknownLocation());
        config.options().section().finish();
    }

    @Test
    void contextMayBeNull() {
        assertNull(ModelConfig.read(GOLDEN.resolve("ascmamba-unconditioned/config.json"))
                .context());
    }

    @Test
    void everyConfigOfTheReferenceIsRead() throws IOException {
        assumeTrue(Files.isDirectory(SHARED));
        try (Stream<Path> files = Files.walk(SHARED)) {
            List<Path> configs =
                    files.filter(file -> file.endsWith("config.json")).toList();
            assertEquals(7, configs.size());
            configs.forEach(ModelConfig::read);
        }
    }

    @Test
    void theArchitectureReadsItsOwnOptions() throws IOException {
        ConfigSection model = edited(
                        "\"model\": {}",
                        "\"model\": {\"heads\": 8, \"scales\": [1, 2], \"superset\": {\"Bus\": \"indoor\"},"
                                + " \"fusion\": \"gated\"}")
                .options()
                .section();
        assertEquals(8, model.integer("heads", 1, 64));
        assertEquals(4, model.integer("layers", 1, 64, 4));
        assertEquals(List.of(1, 2), model.integers("scales", 1, 9));
        assertEquals("indoor", model.stringMap("superset").get("Bus"));
        assertTrue(
                assertThrows(ModelException.class, model::finish).getMessage().contains("\"fusion\""));
        assertEquals("gated", model.choice("fusion", List.of("none", "gated")));
        assertEquals("auto", model.choice("pre_norm", List.of("auto", "none"), "auto"));
        model.finish();
        assertTrue(assertThrows(ModelException.class, () -> model.choice("fusion", List.of("none")))
                .getMessage()
                .contains("config.json: model.fusion: found \"gated\"; expected one of [none]"));
        assertThrows(ModelException.class, () -> model.integers("scales", 2, 9));
    }

    @Test
    void whatIsWrittenReadsTheSame() throws IOException {
        for (String name : List.of("ascmamba-small", "ascmamba-unconditioned", "public-code/se_trans_baseline")) {
            ModelConfig config = ModelConfig.read(GOLDEN.resolve(name).resolve("config.json"));
            Path copy = folder.resolve("copy.json");
            config.write(copy);
            ModelConfig again = ModelConfig.read(copy);
            assertEquals(config.architecture(), again.architecture());
            assertEquals(config.labels(), again.labels());
            assertEquals(config.features(), again.features());
            assertEquals(config.context(), again.context());
            assertEquals(config.options().json(), again.options().json());
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count(), "nothing besides the file itself is left");
        }
    }

    @Test
    void aFolderThatIsNotThereIsAModelException() {
        ModelConfig config = ModelConfig.read(GOLDEN.resolve("ascmamba-small/config.json"));
        assertThrows(ModelException.class, () -> config.write(folder.resolve("absent/config.json")));
    }

    /** Each case replaces one piece of a right file; the message must name field, finding and expectation. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "architecture": "ascmamba"  | "architecture": "resnet"      | config.json: architecture: found "resnet"; expected one of [ascmamba, se-trans, mobile-asc-net]
            "architecture": "ascmamba", | ``                            | config.json: architecture: found nothing; expected the field
            "architecture": "ascmamba"  | "architecture": 3             | config.json: architecture: found the number 3; expected a string
            "model": {}                 | "model": {}, "extra": 1       | config.json: found an unknown field "extra"; expected only the fields
            "model": {}                 | "model": []                   | config.json: model: found an empty list; expected an object
            "model": {}                 | "model": {}, "model": {}      | Duplicate
            "model": {}                 | "model": {} // note           | config.json: found line
            "model": {}                 | "model": {}} {                | config.json: found line
            "Bus"                       | "Airport"                     | config.json: labels: found "Airport" twice; expected different names
            "Bus"                       | " "                           | config.json: labels[0]: found the string " "; expected a string that is not blank
            "Bus"                       | 7                             | config.json: labels[0]: found the number 7
            "Xianyang"                  | "xi'an"                       | config.json: context.locations: found "xi'an" twice; expected every city once
            "n_fft": 2048               | "n_fft": 2048.5               | config.json: features.n_fft: found the number 2048.5; expected a whole number
            "n_fft": 2048               | "n_fft": "2048"               | config.json: features.n_fft: found the string "2048"; expected a whole number
            "n_fft": 2048               | "n_fft": 99999999999          | config.json: features.n_fft: found the number 99999999999; expected a whole number
            "n_fft": 2048               | "n_fft": 2047                 | config.json: features.n_fft: found 2047; expected a power of two
            "n_fft": 2048               | "fft": 2048                   | config.json: features.n_fft: found nothing
            "hop_length": 882           | "hop_length": 0               | config.json: features.hop_length: found the number 0
            "hop_length": 882           | "hop_length": 3000000         | config.json: features.hop_length: found 3000000; expected from 1 to
            "frames": 500               | "frames": 2147483647          | config.json: features.frames: found 2147483647; expected from 1 to 19021: with hop_length 882
            "sample_rate": 44100        | "sample_rate": 2147483647     | config.json: features.sample_rate: found 2147483647; expected from 1000 to
            "fmin": 50.0                | "fmin": NaN                   | config.json: found line
            "fmin": 50.0                | "fmin": 1e999                 | config.json: features.fmin: found
            "fmin": 50.0                | "fmin": null                  | config.json: features.fmin: found null; expected a finite number
            "fmin": 50.0                | "fmin": 50.0, "f": 1          | config.json: features: found an unknown field "f"
            "fmax": 22050.0             | "fmax": 30000                 | config.json: features.fmax: found 30000.0
            "pad_mode": "constant"      | "pad_mode": "wrap"            | config.json: features.pad_mode: found "wrap"; expected one of [constant, reflect]
            "time_encoding": "cyclic"   | "time_encoding": true         | config.json: context.time_encoding: found true
            "unknown_location": "first" | "unknown_location": "last"    | config.json: context.unknown_location: found "last"; expected one of [first, mean, error]
            """)
    void refuses(String right, String wrong, String message) {
        ModelException error = assertThrows(ModelException.class, () -> edited(right, wrong));
        assertTrue(error.getMessage().contains(message), error.getMessage());
        assertTrue(error.getMessage().contains("config.json"), error.getMessage());
    }

    @Test
    void refusesWhatIsNoConfigAtAll() throws IOException {
        for (String text :
                List.of("", "   ", "null", "[]", "{", "\"config\"", "[".repeat(100_000), "{\"a\":".repeat(100))) {
            assertThrows(ModelException.class, () -> ModelConfig.read(write(text)), text);
        }
        assertThrows(ModelException.class, () -> ModelConfig.read(write(" ".repeat(2 << 20))));
        assertThrows(ModelException.class, () -> ModelConfig.read(folder));
        assertThrows(ModelException.class, () -> ModelConfig.read(folder.resolve("absent.json")));
        Path latin = Files.write(folder.resolve("config.json"), new byte[] {'{', '"', (byte) 0xfc, '"', ':', '1', '}'});
        assertThrows(ModelException.class, () -> ModelConfig.read(latin));
    }

    private ModelConfig edited(String right, String wrong) throws IOException {
        String text = Files.readString(GOLDEN.resolve("ascmamba-small/config.json"));
        assertTrue(text.contains(right), right);
        return ModelConfig.read(write(text.replace(right, wrong)));
    }

    private Path write(String text) throws IOException {
        return Files.write(folder.resolve("config.json"), text.getBytes(StandardCharsets.UTF_8));
    }
}
