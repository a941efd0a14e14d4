package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import inference.GRPCInferenceServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a server's end means to those who are being answered. */
class EndTest {
    private static final byte[] BUS = Served.sample("bus");
    private static final String ENDING = "{\"error\":\"the server is ending\"}";
    /** Half of {@link #BUS}, and so an even number of bytes. */
    private static final int HALF = 240_022;

    private final ExecutorService others = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        others.shutdownNow();
    }

    private static Served drained(Duration drain) {
        return new Served(builder -> builder.drain(drain));
    }

    @Test
    void whatHasBegunIsAnswered() throws Exception {
        Served served = new Served();
        Future<HttpResponse<byte[]>> begun =
                others.submit(() -> served.send(served.post("/classify", Served.noise(200))));
        Served.await(() -> served.pending() > 0);
        HttpRequest health = served.request("/health").build();
        served.close();
        assertEquals(200, begun.get().statusCode());
        assertThrows(ConnectException.class, () -> HttpClient.newHttpClient()
                .send(health, HttpResponse.BodyHandlers.discarding()));
    }

    /** A request that has begun, and half of whose body has come. */
    private static Socket begun(Served served, String path, int length) throws IOException {
        Socket socket = new Socket("localhost", served.server.port());
        String head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(BUS, 0, HALF);
        return socket;
    }

    private static String answer(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Connections at rest are closed after a second; this one is not at rest. */
    @Test
    void aBodyThatComesSlowlyHasItsTime() throws Exception {
        Served served = drained(Duration.ofMinutes(1));
        try (Socket slow = begun(served, "/classify", BUS.length);
                Socket rests = new Socket("localhost", served.server.port())) {
            Served.await(() -> served.metric("earshot_uploads_bytes") > 0);
            Future<?> end = others.submit(served::close);
            assertEquals(-1, rests.getInputStream().read(), "closed");
            // Twice as long.
            Thread.sleep(1000);
            slow.getOutputStream().write(BUS, HALF, BUS.length - HALF);
            String told = answer(slow);
            assertTrue(told.startsWith("HTTP/1.1 200 "), told);
            end.get();
        }
    }

    /** A status of its own, by which others come again: to be cut off looks like any network's fault. */
    @Test
    void whatIsGivenUpIsToldSo() throws Exception {
        Served served = drained(Duration.ofMillis(500));
        byte[] noise = Served.noise(600);
        ManagedChannel channel = ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                .usePlaintext()
                .build();
        try (Socket body = begun(served, "/classify", BUS.length)) {
            Served.await(() -> served.metric("earshot_uploads_bytes") > 0);
            Future<HttpResponse<byte[]>> http = others.submit(() -> served.send(served.post("/classify", noise)));
            Future<HttpResponse<byte[]>> picture = others.submit(() -> served.send(served.post("/features", noise)));
            Future<Status> grpc = others.submit(() -> infer(channel, noise));
            Served.await(() -> served.pending() >= 2);
            served.close();
            for (Future<HttpResponse<byte[]>> each : List.of(http, picture)) {
                if (each == picture && each.get().statusCode() == 200) {
                    continue; // It was made in time.
                }
                assertEquals(503, each.get().statusCode(), () -> "given up");
                assertEquals("1", each.get().headers().firstValue("Retry-After").orElseThrow());
                assertEquals(ENDING, Served.text(each.get()));
            }
            String told = answer(body);
            assertTrue(told.startsWith("HTTP/1.1 503 ") && told.endsWith(ENDING), told);
            assertEquals(Status.Code.UNAVAILABLE, grpc.get().getCode());
            assertEquals("the server is ending", grpc.get().getDescription());
        } finally {
            channel.shutdownNow();
        }
        assertEquals(2, logged(served, "/classify", "503"), served.log::toString);
        assertEquals(1, logged(served, null, "UNAVAILABLE"), served.log::toString);
    }

    private static Status infer(ManagedChannel channel, byte[] file) {
        return assertThrows(StatusRuntimeException.class, () -> GRPCInferenceServiceGrpc.newBlockingStub(channel)
                        .modelInfer(Served.audio(file).build()))
                .getStatus();
    }

    /** Lines of a status, each with the error that its client was told. */
    private static long logged(Served served, String path, String status) {
        return served.log.stream()
                .map(Served::json)
                .filter(line -> line.path("path").asText(null) == null
                        ? path == null
                        : line.path("path").asText().equals(path))
                .filter(line -> line.path("status").asText().equals(status))
                .filter(line -> line.path("error").asText().equals("the server is ending"))
                .count();
    }

    /** All that was heard is answered, and where the client asks no more is the only thing that is missing. */
    @Test
    void streamsAreToldWhatWasHeardAndThatItIsOver() throws Exception {
        Served served = drained(Duration.ofSeconds(1));
        byte[] sound = Arrays.copyOfRange(BUS, 44, HALF);
        Collection<String> lines = new ConcurrentLinkedQueue<>();
        CompletableFuture<Integer> closed = new CompletableFuture<>();
        try (Socket posted = begun(served, "/stream?rate=48000", Integer.MAX_VALUE)) {
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(
                            URI.create("ws://localhost:" + served.server.port() + "/stream?rate=48000"),
                            new WebSocket.Listener() {
                                @Override
                                public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
                                    lines.add(data.toString());
                                    from.request(1);
                                    return null;
                                }

                                @Override
                                public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                                    closed.complete(status);
                                    return null;
                                }
                            })
                    .join();
            socket.sendBinary(ByteBuffer.wrap(sound), true).join();
            Served.await(() -> served.metric("earshot_streams_open") == 2);
            served.close();
            assertEquals(1001, closed.get());
            String told = answer(posted);
            for (String each : List.of(told, String.join("\n", lines))) {
                assertTrue(each.contains("{\"segment\":{\"start\":0.0,"), each);
                assertTrue(each.indexOf(ENDING) > each.indexOf("{\"segment\""), each);
            }
            assertTrue(told.endsWith("\r\n0\r\n\r\n"), "whole: " + told);
        }
        assertEquals(1, logged(served, "/stream", "200"), served.log::toString);
    }

    /** Whoever asks on a connection that he has is told to come again. */
    @Test
    void nothingIsBegunAtTheEnd() throws Exception {
        Served served = drained(Duration.ofMinutes(1));
        try (Socket busy = begun(served, "/classify", BUS.length);
                Socket other = new Socket("localhost", served.server.port())) {
            Served.await(() -> served.metric("earshot_uploads_bytes") > 0);
            OutputStream out = other.getOutputStream();
            out.write("GET /health HTTP/1.1\r\nHost: localhost\r\nX: ".getBytes(StandardCharsets.US_ASCII));
            int port = served.server.port();
            Future<?> end = others.submit(served::close);
            while (!refusesConnections(port)) {
                out.write('y'); // A connection that does nothing has a second then.
                Thread.sleep(5);
            }
            out.write("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String told = answer(other);
            assertTrue(told.startsWith("HTTP/1.1 503 "), told);
            assertTrue(told.contains("\r\nRetry-After: 1\r\n"), told);
            assertTrue(told.endsWith(ENDING), told);
            busy.getOutputStream().write(BUS, HALF, BUS.length - HALF);
            assertTrue(answer(busy).startsWith("HTTP/1.1 200 "));
            end.get();
        }
        JsonNode refused = Served.json(served.log.stream()
                .filter(line -> line.contains("/health"))
                .findFirst()
                .orElseThrow());
        assertEquals("503", refused.get("status").asText());
    }

    private static boolean refusesConnections(int port) {
        try (Socket socket = new Socket("localhost", port)) {
            return !socket.isConnected();
        } catch (IOException e) {
            return true;
        }
    }
}
