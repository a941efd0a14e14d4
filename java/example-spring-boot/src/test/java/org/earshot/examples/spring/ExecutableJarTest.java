package org.earshot.examples.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The executable jars, started by {@code java -jar} in a folder with a space in its name: classes, native libraries and
 * the model lie in jars within the jar. Native libraries are unpacked anew, whatever other runs have left.
 */
class ExecutableJarTest {
    private static final Path TOOLS = Path.of("../../tools");
    private static final Path FLAC = Path.of("../earshot-ffmpeg/src/test/resources/audio/tone.flac");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");

    @TempDir
    private Path temporary;

    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private Path log;
    private Process process;
    private URI service;

    private void start(String kind) throws Exception {
        folder = Files.createDirectory(temporary.resolve("a service"));
        Path jar = Files.copy(
                Path.of(System.getProperty("example.jars") + "-" + kind + ".jar"), folder.resolve(kind + ".jar"));
        log = folder.resolve("log");
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("the cache"),
                        "-jar",
                        jar.getFileName().toString(),
                        "--server.port=0")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
        Matcher started = STARTED.matcher("");
        while (!started.reset(Files.readString(log)).find()) {
            assertTrue(process.isAlive() && System.nanoTime() < end, () -> "did not start:\n" + log());
            Thread.sleep(100);
        }
        service = URI.create("http://127.0.0.1:" + started.group(1));
    }

    private String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @AfterEach
    void end() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(service.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> upload(String name, byte[] content) throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        String part = "--boundary\r\nContent-Disposition: form-data; name=\"";
        for (String field : new String[] {"city\"\r\n\r\nXi'an", "time\"\r\n\r\n2023-06-18T18:44:00"}) {
            body.writeBytes((part + field + "\r\n").getBytes(StandardCharsets.UTF_8));
        }
        body.writeBytes((part + "file\"; filename=\"" + name + "\"\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        body.writeBytes(content);
        body.writeBytes("\r\n--boundary--\r\n".getBytes(StandardCharsets.UTF_8));
        return client.send(
                HttpRequest.newBuilder(service.resolve("/classify"))
                        .timeout(Duration.ofMinutes(1))
                        .header("Content-Type", "multipart/form-data; boundary=boundary")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private void assertAnswersAsTheLibrary(SceneClassifier classifier, Path recording) throws Exception {
        HttpResponse<String> response = upload(recording.getFileName().toString(), Files.readAllBytes(recording));
        assertEquals(200, response.statusCode(), () -> response.body() + log());
        RecordingContext where = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));
        // As text and back, for the same kinds of numbers.
        JsonNode expected = JSON.readTree(JSON.writeValueAsString(classifier.classify(recording, where)));
        assertEquals(expected, JSON.readTree(response.body()));
    }

    @Test
    void theServiceAnswersAndIsSeen() throws Exception {
        start("service");
        String digest;
        try (SceneClassifier classifier = SceneClassifier.load(TOOLS.resolve("demo-model"))) {
            digest = classifier.modelDigest();
            assertAnswersAsTheLibrary(classifier, TOOLS.resolve("samples/bus.wav"));
            assertAnswersAsTheLibrary(classifier, FLAC);
        }
        HttpResponse<String> refused = upload("no-sound.wav", "no sound".getBytes(StandardCharsets.UTF_8));
        assertEquals(422, refused.statusCode(), refused::body);
        assertTrue(refused.body().contains("no-sound.wav"), refused::body);

        HttpResponse<String> health = get("/actuator/health");
        assertEquals(200, health.statusCode());
        JsonNode earshot = JSON.readTree(health.body()).path("components").path("earshot");
        assertEquals("UP", earshot.path("status").asText(), health::body);
        JsonNode classifier = earshot.path("details").path("sceneClassifier");
        assertEquals(digest, classifier.path("model").asText());
        assertTrue(classifier.path("backend").asText().startsWith("cpu"), health::body);

        JsonNode calls = JSON.readTree(
                get("/actuator/metrics/earshot.call?tag=outcome:answered").body());
        assertEquals(2, calls.path("measurements").path(0).path("value").asInt(), calls::toString);
        process.destroy();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES), "did not end");
        assertFalse(log().contains("Exception"), this::log);
    }

    @Test
    void itWorksWithoutActuator() throws Exception {
        start("without-actuator");
        try (SceneClassifier classifier = SceneClassifier.load(TOOLS.resolve("demo-model"))) {
            assertAnswersAsTheLibrary(classifier, TOOLS.resolve("samples/bus.wav"));
        }
        assertEquals(404, get("/actuator/health").statusCode());
    }
}
