package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is scraped after two uploads; {@code tools/test-prometheus} has Prometheus itself do it. */
@Timeout(300)
class MeteredServiceTest {
    @Test
    void uploadsAreCounted() throws Exception {
        try (MeteredService service = new MeteredService(Samples.MODEL, 0)) {
            byte[] bus = Files.readAllBytes(Samples.of("bus"));
            assertEquals(200, upload(service, bus));
            assertEquals(422, upload(service, "no sound".getBytes(StandardCharsets.UTF_8)));
            URL url = new URL("http://localhost:" + service.port() + "/metrics");
            HttpURLConnection connection = (HttpURLConnection) url.openConnection();
            assertEquals("text/plain; version=0.0.4; charset=utf-8", connection.getContentType());
            String text = new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(
                    text.lines()
                            .anyMatch(
                                    line -> line.matches(
                                            "earshot_call_seconds_count\\{architecture=\"ascmamba\",.*outcome=\"answered\"\\} 1")),
                    text);
            assertTrue(text.lines().anyMatch(line -> line.matches("earshot_ready\\{.*\\} 1\\.0")), text);
        }
    }

    private static int upload(MeteredService service, byte[] sound) throws Exception {
        URL url = new URL("http://localhost:" + service.port() + "/classify");
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setDoOutput(true);
        connection.getOutputStream().write(sound);
        return connection.getResponseCode();
    }
}
