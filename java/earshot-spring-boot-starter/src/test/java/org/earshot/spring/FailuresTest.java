package org.earshot.spring;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** What an application that does not start prints. */
class FailuresTest {
    private static final Path MODEL = Path.of("../earshot/src/test/resources/golden/mobile-asc-net-early");

    @TempDir
    Path temporary;

    /** An application with nothing but the starter. */
    @ImportAutoConfiguration(EarshotAutoConfiguration.class)
    static class Application {}

    /** Starts it with properties, and holds what it printed to contain all words. */
    private static void assertPrints(List<String> properties, String... words) {
        List<String> arguments = new ArrayList<>();
        properties.forEach(property -> arguments.add("--" + property));
        SpringApplication application = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .build();
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try {
            assertThrows(RuntimeException.class, () -> application.run(arguments.toArray(String[]::new)));
        } finally {
            System.setOut(before);
        }
        String printed = output.toString(StandardCharsets.UTF_8);
        assertTrue(printed.contains("APPLICATION FAILED TO START"), printed);
        String analysis = printed.substring(printed.indexOf("APPLICATION FAILED TO START"));
        for (String word : words) {
            assertTrue(analysis.contains(word), () -> word + " not in\n" + printed);
        }
        assertFalse(analysis.contains("\tat "), "a stack trace");
    }

    @Test
    void noModel() {
        assertPrints(List.of(), "earshot.model is not set", "Set earshot.model");
    }

    @Test
    void aModelThatIsNotThere() {
        assertPrints(
                List.of("earshot.model=" + temporary),
                "earshot.model = " + temporary + " (\"earshot.model\" from property source \"commandLineArgs\")",
                temporary.resolve("config.json").toString(),
                "Have earshot.model name a directory");
    }

    @Test
    void aResourceThatIsNotThere() {
        assertPrints(
                List.of("earshot.model=classpath:no-such-model"),
                "no-such-model/config.json",
                "Have earshot.model name a directory");
    }

    @Test
    void weightsThatDoNotFit() throws Exception {
        Path weights = Files.writeString(temporary.resolve("weights.safetensors"), "no weights");
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.weights=" + weights),
                "earshot.weights = " + weights,
                "weights.safetensors: found");
    }

    @Test
    void aValueThatDoesNotFitTheModel() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.batching.max-size=2147483647"),
                "windows of a batch: 2147483647; expected at most",
                "earshot.batching.max-size = 2147483647");
    }

    @Test
    void aValueThatIsNotAllowed() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.threads=0"),
                "earshot.threads = 0",
                "expected at least 1",
                "Give earshot.threads");
    }

    @Test
    void aBatchThatIsNotAllowed() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.batching.max-size=-1"),
                "earshot.batching.max-size = -1",
                "earshot.batching.max-queue is not set",
                "windows of a batch: -1; expected at least 1");
    }

    @Test
    void aBoundThatIsNotAllowed() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.audio.max-duration=0s"),
                "earshot.audio.max-duration = 0s",
                "expected more than zero");
    }

    @Test
    void aBackendThatIsNotThere() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.backend=tpu"),
                "earshot.backend = tpu",
                "portable",
                "Change the property");
    }

    @Test
    void tooLittleMemory() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.memory-limit=1KB"),
                "earshot.memory-limit = 1KB",
                "at most 1024, the memory limit");
    }

    @Test
    void aDeviceThatIsNotSaid() {
        assertPrints(List.of("earshot.model=" + MODEL, "earshot.devices=0,,1"), "earshot.devices = 0,,1", "expected");
    }

    @Test
    void aPathThatCannotBeOne() {
        assertPrints(List.of("earshot.model=a\0b"), "earshot.model = a", "Have earshot.model name a directory");
        assertPrints(List.of("earshot.model=file:/a%zz"), "earshot.model = file:/a%zz", "Have earshot.model name");
    }

    /** Spring's own analysis: what is no number is not ours to refuse. */
    @Test
    void whatIsNoNumber() {
        assertPrints(
                List.of("earshot.model=" + MODEL, "earshot.threads=two"),
                "Property: earshot.threads",
                "Value: \"two\"");
    }

    @Test
    void aMisspeltProperty() {
        assertPrints(List.of("earshot.model=" + MODEL, "earshot.treads=2"), "Property: earshot.treads", "left unbound");
    }
}
