package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The service as its clients see it, over HTTP. */
@Timeout(300)
class UploadServiceTest {
    private UploadService service;

    @BeforeEach
    void start() throws Exception {
        service = new UploadService(Samples.MODEL, 0);
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private record Reply(int status, String text) {}

    private Reply call(String method, String path, byte[] body) {
        try {
            URL url = new URL("http://localhost:" + service.port() + path);
            HttpURLConnection connection = (HttpURLConnection) url.openConnection();
            connection.setRequestMethod(method);
            if (body.length > 0) {
                connection.setDoOutput(true);
                connection.getOutputStream().write(body);
            }
            int status = connection.getResponseCode();
            InputStream in = status == 200 ? connection.getInputStream() : connection.getErrorStream();
            return new Reply(status, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Reply post(String path, String body) {
        return call("POST", path, body.getBytes(StandardCharsets.UTF_8));
    }

    private String health() {
        return call("GET", "/health", new byte[0]).text();
    }

    /** The digest of the model that serves. */
    private String serving() {
        return health().replaceAll("^\\S+ (\\S+) .*$", "$1");
    }

    /** All samples at once, some of which share a batch. */
    @Test
    void uploadsAreAnsweredByTheirScenes() throws Exception {
        List<Path> samples = Samples.all();
        ExecutorService clients = Executors.newFixedThreadPool(samples.size());
        List<Future<Reply>> replies = new ArrayList<>();
        for (Path sample : samples) {
            byte[] sound = Files.readAllBytes(sample);
            replies.add(clients.submit(() -> call("POST", "/classify", sound)));
        }
        for (int i = 0; i < samples.size(); i++) {
            assertEquals(
                    new Reply(200, Samples.label(samples.get(i))),
                    replies.get(i).get());
        }
        clients.shutdown();
        assertTrue(health().matches("READY [0-9a-f]{64} answered 10, batched \\d+, not answered 0"), health());
    }

    @Test
    void whatIsNoRecordingIsTheCallersFault() throws Exception {
        Reply reply = post("/classify", "no sound");
        assertEquals(422, reply.status());
        assertTrue(reply.text().startsWith("the upload: "), reply.text());
    }

    @Test
    void anotherModelTakesItsPlace(@TempDir Path folder) throws Exception {
        String before = serving();
        assertEquals(500, post("/model", "nothing-of-this-name").status());
        assertEquals(before, serving());

        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(Samples.MODEL.resolve(file), folder.resolve(file));
        }
        Path config = folder.resolve("config.json");
        String json = Files.readString(config);
        assertTrue(json.contains("Traffic street"));
        Files.writeString(config, json.replace("Traffic street", "Road"));
        Reply replaced = post("/model", folder.toString());
        assertEquals(200, replaced.status(), replaced.text());
        assertEquals(replaced.text(), serving());
        byte[] street = Files.readAllBytes(Samples.of("traffic-street"));
        assertEquals("Road", call("POST", "/classify", street).text());
    }
}
