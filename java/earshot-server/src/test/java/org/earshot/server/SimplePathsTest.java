package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneStream;
import org.earshot.segmentation.SceneSegment;
import org.earshot.server.service.Failure;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The paths beside the protocol. */
class SimplePathsTest {
    private static final byte[] BUS = Served.sample("bus");
    private static final int WAV_HEADER = 44;

    private static Served served;
    private static SceneClassifier classifier;

    @BeforeAll
    static void start() {
        served = new Served();
        classifier = SceneClassifier.load(Served.MODEL);
    }

    @AfterAll
    static void stop() {
        served.close();
        classifier.close();
    }

    private static JsonNode expected(String file, byte[] wav, RecordingContext where) {
        JsonMapper json = new JsonMapper();
        ObjectNode fields = json.createObjectNode().put("file", file);
        fields.setAll((ObjectNode) json.valueToTree(classifier.classify(AudioClip.read(wav, file), where)));
        return Served.json(fields.toString());
    }

    @Test
    void classifiesABody() {
        HttpResponse<byte[]> answer =
                served.send(served.post("/classify?name=bus.wav&city=Xi%27an&time=2023-06-18T18:44", BUS));
        assertEquals(200, answer.statusCode());
        RecordingContext where = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));
        assertEquals(expected("bus.wav", BUS, where), Served.json(answer));
    }

    @Test
    void classifiesAForm() {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        String begin = """
                --b
                Content-Disposition: form-data; name="city"

                Beijing
                --b
                Content-Disposition: form-data; name="file"; filename="/etc/hostname"

                """;
        form.writeBytes(begin.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
        form.writeBytes(BUS);
        form.writeBytes("\r\n--b--\r\n".getBytes(StandardCharsets.UTF_8));
        HttpResponse<byte[]> answer = served.send(
                served.post("/classify", form.toByteArray()).header("Content-Type", "multipart/form-data; boundary=b"));
        assertEquals(200, answer.statusCode(), () -> Served.text(answer));
        // The name is repeated, as every name is; what was heard is what was sent.
        assertEquals(expected("/etc/hostname", BUS, RecordingContext.of("Beijing", null)), Served.json(answer));
        HttpResponse<byte[]> broken =
                served.send(served.post("/classify", BUS).header("Content-Type", "multipart/form-data; boundary=b"));
        assertEquals(400, broken.statusCode());
        // RFC 9110, 8.3.1: type and names of parameters in any case, values quoted or not.
        for (String type : List.of(
                "Multipart/Form-Data; Boundary=b",
                "multipart/form-data;boundary=\"b\"",
                "multipart/form-data; charset=utf-8; boundary=b")) {
            HttpResponse<byte[]> same =
                    served.send(served.post("/classify", form.toByteArray()).header("Content-Type", type));
            assertEquals(200, same.statusCode(), () -> type + ": " + Served.text(same));
        }
        for (String type : List.of(
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=\"b",
                "multipart/form-data; boundary=b; charset=\"utf-8")) {
            HttpResponse<byte[]> refused =
                    served.send(served.post("/classify", form.toByteArray()).header("Content-Type", type));
            assertEquals(400, refused.statusCode(), () -> type + ": " + Served.text(refused));
            assertTrue(Served.text(refused).startsWith("{\"error\":\"content-type: found "), Served.text(refused));
        }
    }

    /** Unpacked nowhere, it would be taken for a recording, for JSON, or for samples. */
    @Test
    void aPackedBodyIsRefusedAsThat() {
        for (String path : List.of("/classify", "/features", "/stream", "/v2/models/demo/infer")) {
            HttpResponse<byte[]> refused = served.send(served.post(path, BUS).header("Content-Encoding", "gzip"));
            assertEquals(415, refused.statusCode(), path);
            assertEquals(
                    "{\"error\":\"content-encoding: found \\\"gzip\\\"; expected a body that is not packed\"}",
                    Served.text(refused));
            assertEquals(
                    "identity", refused.headers().firstValue("Accept-Encoding").orElseThrow());
        }
        assertEquals(
                200,
                served.send(served.post("/classify", BUS).header("Content-Encoding", "identity"))
                        .statusCode());
    }

    /** Two windows, as /classify says them, and as many columns as the picture is to have at most. */
    @Test
    void drawsFeatures() {
        JsonNode picture = Served.json(served.send(served.post("/features", Served.noise(45))));
        assertEquals(45, picture.get("seconds").asDouble());
        assertEquals(64, picture.get("bands").asInt());
        int columns = picture.get("columns").asInt();
        // 50 frames a second, halved until no more than 1000 are left.
        assertTrue(
                columns >= 2250 / 4 && columns <= 1000, picture.get("columns").toString());
        byte[] levels = Base64.getDecoder().decode(picture.get("levels").asText());
        assertEquals(64 * columns, levels.length);
    }

    /** What the library's own stream tells of the same sound. */
    private static List<String> expectedLines(byte[] pcm, Duration hop) {
        List<String> lines = new ArrayList<>();
        try (SceneStream stream = classifier.stream(RecordingContext.unknown(), 48_000)
                .hop(hop)
                .open(window -> {}, segment -> lines.add(line(segment)))) {
            stream.push(ByteBuffer.wrap(pcm));
            stream.flush();
        }
        return lines;
    }

    private static String line(SceneSegment segment) {
        return "{\"segment\":" + new JsonMapper().valueToTree(segment) + "}";
    }

    private static byte[] journey() {
        ByteArrayOutputStream pcm = new ByteArrayOutputStream();
        for (String scene : List.of("bus", "bus", "bus", "metro", "metro", "metro")) {
            byte[] wav = Served.sample(scene);
            pcm.write(wav, WAV_HEADER, wav.length - WAV_HEADER);
        }
        return pcm.toByteArray();
    }

    @Test
    void answersAStream() {
        byte[] pcm = journey();
        HttpResponse<byte[]> answer = served.send(served.post("/stream?rate=48000&hop=2&windows=true", pcm));
        assertEquals(
                "application/jsonl", answer.headers().firstValue("Content-Type").orElseThrow());
        List<String> lines = Served.lines(answer);
        List<String> expected = expectedLines(pcm, Duration.ofSeconds(2));
        assertTrue(expected.size() >= 2, expected::toString);
        assertEquals(
                expected,
                lines.stream().filter(line -> line.startsWith("{\"segment\"")).toList());
        // A window of ten seconds every two.
        assertEquals(
                11,
                lines.stream().filter(line -> line.startsWith("{\"window\"")).count());
        assertEquals(
                "{\"error\":\"format: found \\\"mp3\\\"; expected s16le or f32le\"}",
                Served.text(served.send(served.post("/stream?format=mp3", pcm))));
        assertEquals(400, served.send(served.post("/stream?hop=99", pcm)).statusCode());
    }

    private static final class Lines implements WebSocket.Listener {
        final List<String> lines = new ArrayList<>();
        final CompletableFuture<Integer> end = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                lines.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            end.complete(status);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            end.completeExceptionally(error);
        }
    }

    private static WebSocket open(String query, Lines lines) {
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create("ws://localhost:" + served.server.port() + "/stream" + query), lines)
                .join();
    }

    /** In messages that cut samples in two, in one message, and in one of many fragments. */
    @Test
    void answersAWebSocket() throws Exception {
        byte[] pcm = journey();
        answersAWebSocket(pcm, 30_001, false);
        answersAWebSocket(pcm, pcm.length, false);
        answersAWebSocket(pcm, 100_001, true);
    }

    private static void answersAWebSocket(byte[] pcm, int piece, boolean fragments) throws Exception {
        Lines lines = new Lines();
        WebSocket socket = open("?rate=48000&hop=2", lines);
        for (int at = 0; at < pcm.length; at += piece) {
            boolean last = at + piece >= pcm.length;
            socket.sendBinary(ByteBuffer.wrap(pcm, at, Math.min(piece, pcm.length - at)), !fragments || last)
                    .join();
        }
        socket.sendText("end", true).join();
        assertEquals(WebSocket.NORMAL_CLOSURE, lines.end.get(60, TimeUnit.SECONDS));
        assertEquals(
                expectedLines(pcm, Duration.ofSeconds(2)),
                lines.lines.stream()
                        .filter(line -> line.startsWith("{\"segment\""))
                        .toList());
        Served.await(() -> served.metric("earshot_streams_open") == 0);
    }

    /** 1011 would say that the server has failed. */
    @Test
    void aSocketThatSendsNoSoundIsToldThatItIsItsFault() throws Exception {
        Lines lines = new Lines();
        WebSocket socket = open("?rate=48000&format=f32le", lines);
        socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0xc0, 0x7f}), true)
                .join();
        assertEquals(1007, lines.end.get(60, TimeUnit.SECONDS));
        assertTrue(lines.lines.get(0).startsWith("{\"error\":\"stream: found sample NaN"), lines.lines::toString);
    }

    @Test
    void aStreamIsSamplesAndNoForm() {
        HttpResponse<byte[]> form = served.send(
                served.post("/stream", new byte[] {1, 2}).header("Content-Type", "Multipart/Form-Data; boundary=x"));
        assertEquals(415, form.statusCode(), () -> Served.text(form));
        HttpResponse<byte[]> hop = served.send(served.post("/stream?hop=1e-5", new byte[2]));
        assertEquals(
                "{\"error\":\"hop: found 1.0E-5 s; expected 0.02 to 10.0 s: from a frame of the model to its window\"}",
                Served.text(hop));
    }

    private static String formError(int parts, byte[] city, String end) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int i = 0; i < parts; i++) {
            body.writeBytes(
                    "--x\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            body.writeBytes(city);
            body.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        body.writeBytes(end.getBytes(StandardCharsets.US_ASCII));
        HttpResponse<byte[]> answer = served.send(
                served.post("/classify", body.toByteArray()).header("Content-Type", "multipart/form-data; boundary=x"));
        assertEquals(400, answer.statusCode(), () -> Served.text(answer));
        return Served.json(answer).get("error").asText();
    }

    @Test
    void saysWhatIsWrongWithAForm() {
        byte[] latin = "Malm\u00f6".getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(
                "form: city: found bytes that are no UTF-8; expected text in UTF-8", formError(1, latin, "--x--\r\n"));
        byte[] text = "Malm\u00f6".getBytes(StandardCharsets.UTF_8);
        assertEquals("form: found no file; expected one", formError(1, text, "--x--\r\n"));
        String begin = "body: found no form (";
        assertEquals(
                begin + "it breaks off before its last boundary); expected multipart/form-data",
                formError(1, text, ""));
        assertEquals(begin + "more than 16 parts); expected multipart/form-data", formError(17, text, "--x--\r\n"));
    }

    @Test
    void aSocketThatBreaksOffEndsItsStream() {
        WebSocket socket = open("?rate=48000", new Lines());
        Served.await(() -> served.metric("earshot_streams_open") == 1);
        socket.abort();
        Served.await(() -> served.metric("earshot_streams_open") == 0);
    }

    /** Whoever goes away while he is answered is no fault of the server's, which its log would show with a trace. */
    @Test
    void aSocketThatLeavesItsAnswersIsNoFault() {
        try (Logged told = new Logged(Failure.class)) {
            // Half a minute, answered ten times a second.
            WebSocket socket = open("?rate=48000&hop=0.1&windows=true", new Lines());
            socket.sendBinary(ByteBuffer.wrap(journey()), true).join();
            socket.abort();
            Served.await(() -> served.metric("earshot_streams_open") == 0 && served.pending() == 0);
            assertEquals(List.of(), told.entries());
        }
    }

    /** One file that may run what is in it, ask its own server, and nothing else. */
    @Test
    void hasAPage() {
        HttpResponse<byte[]> page = served.get("/");
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; connect-src 'self'"), policy);
        String html = Served.text(page);
        assertFalse(html.contains("http://") && !html.contains("http://www.w3.org/2000/svg"), "it asks others");
        assertFalse(html.contains("https://"), "it asks others");
        assertTrue(html.contains("<html lang=\"en\">"));
        // Of files it offers what is read here, and no others.
        assertTrue(html.contains(",.flac,.ogg,"));
        assertFalse(html.contains(".w64"));
    }

    @Test
    void notesEveryRequest() {
        served.send(served.post("/classify?city=Beijing", new byte[] {1, 2, 3, 4}));
        Served.await(() -> served.log.stream().anyMatch(line -> line.contains("\"status\":\"422\"")));
        JsonNode first = Served.json(served.log.stream()
                .filter(line -> line.contains("\"status\":\"422\""))
                .findFirst()
                .orElseThrow());
        assertEquals("/classify", first.get("path").asText());
        assertEquals("demo", first.get("model").asText());
        assertEquals(4, first.get("bytes_in").asInt());
        assertTrue(first.get("seconds").asDouble() > 0);
        assertTrue(first.get("error").asText().startsWith("recording: found "));
        assertFalse(first.toString().contains("Beijing"), "where a recording was made is nobody else's business");
        assertTrue(
                served.metric("earshot_requests_seconds_count{endpoint=\"/classify\",protocol=\"http\",status=\"422\"")
                        >= 1);
    }

    /** The answer to a request whose path no client of Java's would send. */
    private static String asked(String method, String path) throws IOException {
        try (Socket socket = new Socket("localhost", served.server.port())) {
            String request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aQueryThatCannotBeReadIsRefused() throws IOException {
        for (String query : List.of("city=%zz", "city=%", "%f=1", "city=%ff", "city=%c3%28", "%c0%80=1")) {
            String answer = asked("POST", "/classify?" + query);
            assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
            assertTrue(answer.contains("{\"error\":\"query: found "), answer);
        }
        assertEquals(
                400,
                served.send(served.post("/stream?windows=maybe", new byte[2])).statusCode());
    }

    @Test
    void whatMayBeReadMayBeAskedForItsHead() throws IOException {
        for (String path : List.of("/", "/health", "/v2/health/ready", "/v2/models/demo")) {
            String head = asked("HEAD", path);
            assertTrue(head.startsWith("HTTP/1.1 200 "), head);
            assertTrue(head.endsWith("\r\n\r\n"), "nothing but the head: " + head);
        }
        assertTrue(asked("HEAD", "/classify").startsWith("HTTP/1.1 405 "));
        assertTrue(asked("DELETE", "/health").contains("\r\nAllow: GET, HEAD\r\n"));
        // What curl -T sends: the path has two methods, and both are told.
        String put = asked("PUT", "/stream");
        assertTrue(put.startsWith("HTTP/1.1 405 ") && put.contains("\r\nAllow: GET, POST, HEAD\r\n"), put);
        assertTrue(put.contains("expected GET or POST"), put);
    }
}
