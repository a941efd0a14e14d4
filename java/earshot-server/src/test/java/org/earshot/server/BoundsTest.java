package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ServerReadyRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.earshot.server.service.Limits;
import org.junit.jupiter.api.Test;

/** What one client can take of the others: nothing. */
class BoundsTest {
    private static final byte[] BUS = Served.sample("bus");
    private static final int KIBIBYTE = 1 << 10;

    private static Limits limits(int bytes, Duration sound) {
        return new Limits(bytes, sound, Duration.ofSeconds(30), 2, 1);
    }

    @Test
    void whoComesWhenAllIsFullIsToldWhenToComeAgain() throws Exception {
        ExecutorService others = Executors.newCachedThreadPool();
        try (Served served = new Served(builder -> builder.batching(1, Duration.ZERO, 0))) {
            Future<HttpResponse<byte[]>> first =
                    others.submit(() -> served.send(served.post("/classify", Served.noise(600))));
            Served.await(() -> served.pending() > 0);
            HttpResponse<byte[]> second = served.send(served.post("/classify", BUS));
            assertEquals(503, second.statusCode());
            assertEquals("1", second.headers().firstValue("Retry-After").orElseThrow());
            assertEquals(
                    "{\"error\":\"requests: found as many as are taken at once; expected fewer, in a while\"}",
                    Served.text(second),
                    "which option would help is not its matter");
            ManagedChannel channel = ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                    .usePlaintext()
                    .build();
            StatusRuntimeException e =
                    assertThrows(StatusRuntimeException.class, () -> GRPCInferenceServiceGrpc.newBlockingStub(channel)
                            .modelInfer(Served.audio(BUS).build()));
            channel.shutdownNow();
            assertEquals(Status.Code.RESOURCE_EXHAUSTED, e.getStatus().getCode());
            assertEquals("1", e.getTrailers().get(Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER)));
            assertEquals(200, first.get().statusCode(), "who was first is not disturbed");
        } finally {
            others.shutdownNow();
        }
    }

    @Test
    void aDeadlineOrALeavingClientStopsTheWork() throws IOException {
        try (Served served = new Served()) {
            HttpResponse<byte[]> late =
                    served.send(served.post("/classify", Served.noise(600)).header("Request-Timeout-Ms", "400"));
            assertEquals(504, late.statusCode(), () -> Served.text(late));
            Served.await(() -> served.pending() == 0);

            double before = served.outcomes("cancelled");
            byte[] noise = Served.noise(600);
            try (Socket socket = new Socket("localhost", served.server.port())) {
                OutputStream out = socket.getOutputStream();
                out.write(("POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + noise.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                out.write(noise);
                out.flush();
                Served.await(() -> served.pending() > 0);
            }
            Served.await(() -> served.outcomes("cancelled") == before + 1);
            assertEquals(0, served.outcomes("answered"), "it was not answered for nobody");
        }
    }

    /** A request that comes while the one before is being answered is no farewell, and loses nothing. */
    @Test
    void aClientThatSendsAheadIsAnsweredTwice() throws IOException {
        try (Served served = new Served();
                Socket socket = new Socket("localhost", served.server.port())) {
            byte[] noise = Served.noise(120);
            OutputStream out = socket.getOutputStream();
            out.write(("POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + noise.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.write(noise);
            out.flush();
            Served.await(() -> served.pending() > 0);
            out.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(2, all.split("HTTP/1.1 200 OK", -1).length - 1, all);
            assertTrue(all.contains("\"status\":\"ready\""), all);
        }
    }

    @Test
    void bodiesAndSoundAreBounded() {
        try (Served served = new Served(builder -> builder.limits(limits(600 * KIBIBYTE, Duration.ofSeconds(4))))) {
            HttpResponse<byte[]> announced = served.send(served.post("/classify", new byte[601 * KIBIBYTE]));
            assertEquals(413, announced.statusCode());
            HttpResponse<byte[]> chunked = served.send(served.request("/classify")
                    .POST(HttpRequest.BodyPublishers.ofInputStream(
                            () -> new ByteArrayInputStream(new byte[601 * KIBIBYTE]))));
            assertEquals(413, chunked.statusCode());
            HttpResponse<byte[]> sound = served.send(served.post("/classify", BUS));
            assertEquals(413, sound.statusCode());
            assertTrue(Served.text(sound).contains("sound longer than 4.0 s"), Served.text(sound));
            HttpResponse<byte[]> many = served.send(served.post(
                    "/v2/models/demo/infer",
                    "{\"inputs\":[{\"name\":\"PCM\",\"datatype\":\"FP32\",\"shape\":[3,1],\"data\":[0,0,0],\"parameters\":{\"sample_rate\":8000}}]}"
                            .getBytes(StandardCharsets.UTF_8)));
            assertEquals(413, many.statusCode(), () -> Served.text(many));
            assertEquals(0, served.metric("earshot_uploads_bytes"), "what was refused takes no memory");
        }
    }

    /** Damaged recordings of all kinds, eight at once, and every good one beside them is answered. */
    @Test
    void hostileFilesDoNotReachTheOthers() throws Exception {
        List<byte[]> hostile = new ArrayList<>();
        Random random = new Random(18);
        try (Stream<Path> files = Files.list(Path.of("..", "earshot-ffmpeg", "src", "test", "resources", "audio"))) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                byte[] bytes = Files.readAllBytes(file);
                for (int i = 0; i < bytes.length / 50 + 1; i++) {
                    // The first bytes stay, so that it is not refused by those alone.
                    bytes[Math.min(bytes.length - 1, 16 + random.nextInt(bytes.length))] = (byte) random.nextInt();
                }
                hostile.add(bytes);
            }
        }
        assertTrue(hostile.size() > 10);
        ExecutorService clients = Executors.newFixedThreadPool(10);
        try (Served served = new Served(builder -> builder.batching(8, Duration.ofMillis(2), 256))) {
            List<Callable<Integer>> bad = hostile.stream()
                    .<Callable<Integer>>map(file ->
                            () -> served.send(served.post("/classify", file)).statusCode())
                    .toList();
            List<Future<Integer>> refused = new ArrayList<>();
            bad.forEach(call -> refused.add(clients.submit(call)));
            List<Future<HttpResponse<byte[]>>> good = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                good.add(clients.submit(() -> served.send(served.post("/classify", BUS))));
            }
            for (Future<HttpResponse<byte[]>> answer : good) {
                assertEquals("Bus", Served.json(answer.get()).get("label").asText());
            }
            for (Future<Integer> status : refused) {
                // 503: on a machine that does much else, no decoder's process came free for it in seconds.
                assertTrue(List.of(200, 413, 415, 422, 503).contains(status.get()), "status " + status.get());
            }
            assertEquals(0, served.outcomes("failed"));
        } finally {
            clients.shutdownNow();
        }
    }

    /** Connections that say nothing, begin a request, or begin a body, hundreds of them. */
    @Test
    void slowClientsTakeNobodysPlace() {
        List<Socket> slow = new ArrayList<>();
        try (Served served = new Served()) {
            List<String> begun = List.of(
                    "", "GET /hea", "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 480044\r\n\r\nRIFF");
            for (int i = 0; i < 300; i++) {
                Socket socket = new Socket("localhost", served.server.port());
                socket.getOutputStream().write(begun.get(i % begun.size()).getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            HttpResponse<byte[]> answer =
                    served.send(served.post("/classify", BUS).timeout(Duration.ofSeconds(10)));
            assertEquals("Bus", Served.json(answer).get("label").asText());
            assertTrue(
                    served.metric("earshot_uploads_bytes") <= 100 * 64 * KIBIBYTE,
                    "what was announced and did not come takes little");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            slow.forEach(BoundsTest::closeQuietly);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void streamsAreBounded() throws IOException {
        try (Served served = new Served(builder -> builder.limits(limits(KIBIBYTE * KIBIBYTE, Duration.ofMinutes(1))));
                Socket first = new Socket("localhost", served.server.port())) {
            first.getOutputStream()
                    .write("POST /stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            Served.await(() -> served.metric("earshot_streams_open") == 1);
            assertEquals(503, served.send(served.post("/stream", BUS)).statusCode());
            first.shutdownOutput();
            Served.await(() -> served.metric("earshot_streams_open") == 0);
            assertEquals(200, served.send(served.post("/stream", BUS)).statusCode());
        }
    }

    @Test
    void asksForTheToken() {
        try (Served served = new Served(builder -> builder.token("s3cret"))) {
            assertEquals(200, served.get("/").statusCode());
            assertEquals(200, served.get("/v2/health/ready").statusCode());
            assertTrue(Served.json(served.get("/health")).get("token").asBoolean());
            for (String path : List.of("/v2", "/v2/models/demo", "/metrics")) {
                HttpResponse<byte[]> refused = served.get(path);
                assertEquals(401, refused.statusCode(), path);
                assertEquals(
                        "Bearer",
                        refused.headers().firstValue("WWW-Authenticate").orElseThrow());
            }
            HttpRequest.Builder wrong = served.post("/classify", BUS).header("Authorization", "Bearer s3cre");
            assertEquals(401, served.send(wrong).statusCode());
            HttpRequest.Builder right = served.post("/classify", BUS).header("Authorization", "Bearer s3cret");
            assertEquals(200, served.send(right).statusCode());

            ManagedChannel channel = ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                    .usePlaintext()
                    .build();
            GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub =
                    GRPCInferenceServiceGrpc.newBlockingStub(channel);
            assertTrue(stub.serverReady(ServerReadyRequest.getDefaultInstance()).getReady());
            ModelInferRequest empty = ModelInferRequest.getDefaultInstance();
            StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> stub.modelInfer(empty));
            assertEquals(Status.Code.UNAUTHENTICATED, e.getStatus().getCode());
            Metadata headers = new Metadata();
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer s3cret");
            StatusRuntimeException further = assertThrows(StatusRuntimeException.class, () -> stub.withInterceptors(
                            MetadataUtils.newAttachHeadersInterceptor(headers))
                    .modelInfer(empty));
            channel.shutdownNow();
            assertEquals(Status.Code.INVALID_ARGUMENT, further.getStatus().getCode());
        }
    }

    /** Whoever sends none would have an empty one. */
    @Test
    void aTokenIsNotBlank() {
        for (String blank : new String[] {"", " "}) {
            assertThrows(IllegalArgumentException.class, () -> new Served(builder -> builder.token(blank)));
        }
    }

    @Test
    void pagesOfOthersAreRefused() throws IOException {
        try (Served served = new Served()) {
            assertEquals(
                    403,
                    served.send(served.post("/classify", BUS).header("Origin", "https://evil.example"))
                            .statusCode());
            assertEquals(
                    200,
                    served.send(served.post("/classify", BUS)
                                    .header("Origin", "http://localhost:" + served.server.port()))
                            .statusCode());
            assertTrue(raw(served, "Host: evil.example").startsWith("HTTP/1.1 403"), "a name that leads here");
            assertTrue(raw(served, "Host: 127.0.0.1").startsWith("HTTP/1.1 200"));
            assertTrue(
                    raw(served, "Host: localhost\r\nBroken\r\n: x")
                            .contains("{\"error\":\"request: found what is refused ("),
                    "what Jetty refuses is worded alike");
        }
    }

    private static String raw(Served served, String headers) throws IOException {
        try (Socket socket = new Socket("localhost", served.server.port())) {
            socket.getOutputStream()
                    .write(("GET /v2 HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
