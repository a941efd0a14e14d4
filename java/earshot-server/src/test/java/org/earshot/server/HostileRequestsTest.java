package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ServerMetadataRequest;
import io.grpc.CallOptions;
import io.grpc.Codec;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.earshot.server.service.Limits;
import org.junit.jupiter.api.Test;

/** Requests that no client makes by mistake: each is told what is wrong with it, and takes nothing for long. */
class HostileRequestsTest {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String INFER = "/inference.GRPCInferenceService/ModelInfer";
    private static final int KIBIBYTE = 1 << 10;

    private static Limits limits(Duration timeout) {
        return new Limits(KIBIBYTE * KIBIBYTE, Duration.ofMinutes(1), timeout, 2, 1);
    }

    private static ManagedChannelBuilder<?> channel(Served served) {
        return ManagedChannelBuilder.forAddress("localhost", served.server.grpcPort())
                .usePlaintext();
    }

    /** What is answered to bytes on a connection of their own. */
    private static String http(Served served, String bytes) throws IOException {
        try (Socket socket = new Socket("localhost", served.server.port())) {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    /** Bytes that are sent as they are, whatever the service's messages should be. */
    private static final class Raw implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static Status.Code code(ManagedChannel channel, CallOptions options, byte[] message) {
        MethodDescriptor<byte[], byte[]> method = MethodDescriptor.newBuilder(new Raw(), new Raw())
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(INFER.substring(1))
                .build();
        StatusRuntimeException e = assertThrows(
                StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(channel, method, options, message));
        assertTrue(e.getStatus().getDescription() != null, "it is told what is wrong: " + e.getStatus());
        return e.getStatus().getCode();
    }

    @Test
    void messagesThatCannotBeReadAreTheCallersFault() {
        try (Served served = new Served(builder -> builder.limits(limits(Duration.ofSeconds(30))))) {
            ManagedChannel plain = channel(served).build();
            byte[] noise = new byte[300];
            new Random(1).nextBytes(noise);
            byte[] groups = new byte[100_000];
            Arrays.fill(groups, (byte) 0x5b);
            for (byte[] message : new byte[][] {noise, {0x0a, -1, -1, -1, -1, 0x0f}, groups}) {
                assertEquals(Status.Code.INVALID_ARGUMENT, code(plain, CallOptions.DEFAULT, message));
            }
            CallOptions packed = CallOptions.DEFAULT.withCompression("gzip");
            byte[] zeros = ModelInferRequest.newBuilder()
                    .setId("0".repeat(64 * KIBIBYTE * KIBIBYTE))
                    .build()
                    .toByteArray();
            assertEquals(Status.Code.RESOURCE_EXHAUSTED, code(plain, packed, zeros), "64 MiB from some 64 KiB");
            plain.shutdownNow();
            CompressorRegistry liar = CompressorRegistry.newEmptyInstance();
            liar.register(new Codec() {
                @Override
                public String getMessageEncoding() {
                    return "gzip";
                }

                @Override
                public OutputStream compress(OutputStream out) {
                    return out;
                }

                @Override
                public InputStream decompress(InputStream in) {
                    return in;
                }
            });
            ManagedChannel lying = channel(served).compressorRegistry(liar).build();
            assertEquals(Status.Code.INVALID_ARGUMENT, code(lying, packed, noise), "packed by nothing");
            lying.shutdownNow();
            assertEquals(0, served.metric("earshot_uploads_bytes"));
        }
    }

    @Test
    void bodiesThatDoNotEndAreGivenUp() throws IOException {
        try (Served served = new Served(builder -> builder.limits(limits(Duration.ofSeconds(2))))) {
            String half = "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n";
            String late = http(served, half + "x".repeat(100_000));
            assertTrue(late.startsWith("HTTP/1.1 504"), late);
            try (Socket socket = new Socket("localhost", served.server.grpcPort())) {
                ByteArrayOutputStream message = new ByteArrayOutputStream();
                message.write(0);
                message.writeBytes(
                        ByteBuffer.allocate(Integer.BYTES).putInt(900_000).array());
                message.writeBytes(new byte[10_000]);
                socket.getOutputStream().write(call(message.toByteArray()));
                Served.await(() -> served.metric("earshot_uploads_bytes") > 0);
                // The server ends the call, and keeps the connection.
                Served.await(() -> served.log.stream().anyMatch(line -> line.contains("DEADLINE_EXCEEDED")));
            }
            Served.await(() -> served.metric("earshot_uploads_bytes") == 0);
        }
    }

    /** A client's first bytes by HTTP/2: preface, settings, a call's headers, and the begin of its message. */
    private static byte[] call(byte[] message) {
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        String[] fields = {
            ":method",
            "POST",
            ":scheme",
            "http",
            ":path",
            INFER,
            ":authority",
            "localhost",
            "content-type",
            "application/grpc",
            "te",
            "trailers"
        };
        for (int i = 0; i < fields.length; i += 2) {
            // Literal, not indexed, not packed.
            headers.write(0);
            headers.write(fields[i].length());
            headers.writeBytes(fields[i].getBytes(StandardCharsets.US_ASCII));
            headers.write(fields[i + 1].length());
            headers.writeBytes(fields[i + 1].getBytes(StandardCharsets.US_ASCII));
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(frame(4, 0, 0, new byte[0]));
        all.writeBytes(frame(1, 4, 1, headers.toByteArray()));
        all.writeBytes(frame(0, 0, 1, message));
        return all.toByteArray();
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    @Test
    void chunksThatAreNoneAreRefused() throws IOException {
        try (Served served = new Served()) {
            for (String chunk :
                    new String[] {"-5\r\nabcde\r\n", "5\r\nabcdeXX0\r\n\r\n", "ffffffffffffffff\r\na\r\n"}) {
                String answer = http(
                        served,
                        "POST /classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
                assertTrue(answer.startsWith("HTTP/1.1 400"), answer);
            }
        }
    }

    /** Refused before anything of the server's sees it, and told why all the same. */
    @Test
    void whatIsNoRequestIsToldWhy() throws IOException {
        String host = "Host: localhost\r\n";
        String end = "\r\n";
        try (Served served = new Served()) {
            for (String[] each : new String[][] {
                {"400", "GET //health HTTP/1.1\r\n" + host + end},
                {"400", "GET /v2/models/a%2fb HTTP/1.1\r\n" + host + end},
                {"400", "GET /health HTTP/1.1\r\n" + end},
                {"400", "GET /health HTTP/1.1\r\n" + host + host + end},
                {"400", "GET /health HTTP/1.1\r\n" + host + "X: a\r\n b\r\n" + end},
                {
                    "400",
                    "POST /classify HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end
                },
                {"400", "POST /classify HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n" + end},
                {
                    "400",
                    "GET /stream HTTP/1.1\r\n" + host
                            + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" + end
                },
                {"414", "GET /" + "a".repeat(9000) + " HTTP/1.1\r\n" + host + end},
                {"417", "POST /classify HTTP/1.1\r\n" + host + "Content-Length: 1\r\nExpect: tea\r\n" + end},
                {"431", "GET /health HTTP/1.1\r\n" + host + "X: " + "a".repeat(9000) + "\r\n" + end},
                {"505", "GET /health HTTP/1.2\r\n" + host + end},
            }) {
                String answer = httpOnce(served, each[1]);
                assertTrue(answer.startsWith("HTTP/1.1 " + each[0] + " "), each[1] + answer);
                JsonNode told = Served.json(answer.substring(answer.indexOf("\r\n\r\n")));
                assertTrue(
                        told.get("error").asText().matches("request: found what is refused \\(.+\\); expected .+"),
                        each[1] + answer);
                Served.await(() -> served.log.stream()
                        .anyMatch(line -> Served.json(line).path("error").equals(told.get("error"))));
                served.log.clear();
            }
        }
    }

    /** Codings of the way are packed bodies too. */
    @Test
    void packedOnTheWayIsNotTakenForARecording() throws IOException {
        try (Served served = new Served()) {
            for (String path : new String[] {"/classify", "/stream", "/v2/models/demo/infer"}) {
                String answer = http(
                        served,
                        "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 415 "), answer);
                assertTrue(answer.contains("transfer-encoding: found \\\"gzip, chunked\\\""), answer);
            }
        }
    }

    private static final String HANDSHAKE = String.join(
            "\r\n",
            "GET /stream HTTP/1.1",
            "Host: localhost",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "");

    /** RFC 6455, 4.2.2: the version that is spoken is told to whoever speaks another. */
    @Test
    void socketsOfAnotherVersionAreToldWhich() throws IOException {
        try (Served served = new Served()) {
            for (String version : new String[] {"", "Sec-WebSocket-Version: 8\r\n"}) {
                String answer = httpOnce(served, HANDSHAKE + version + "\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
                assertTrue(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), answer);
                assertTrue(answer.contains("; expected 13"), answer);
            }
        }
    }

    /** A message of some kilobytes could be hours of sound. */
    @Test
    void socketsTakeNothingPacked() throws IOException {
        try (Served served = new Served()) {
            String answer = httpOnce(
                    served,
                    HANDSHAKE + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 101 "), answer);
            assertTrue(!answer.contains("deflate"), answer);
        }
    }

    /** What is answered to bytes behind which no more come. */
    private static String httpOnce(Served served, String bytes) throws IOException {
        try (Socket socket = new Socket("localhost", served.server.port())) {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    /** Of several tokens another may have looked at the other one. */
    @Test
    void thereIsOneTokenOrNone() throws IOException {
        try (Served served = new Served(builder -> builder.token("s3cret"))) {
            String right = "Authorization: bearer s3cret\r\n";
            String wrong = "Authorization: Bearer other\r\n";
            String end = "Host: localhost\r\nConnection: close\r\n\r\n";
            assertTrue(http(served, "GET /v2 HTTP/1.1\r\n" + right + end).startsWith("HTTP/1.1 200"));
            for (String several : new String[] {right + wrong, wrong + right, right + right}) {
                String answer = http(served, "GET /v2 HTTP/1.1\r\n" + several + end);
                assertTrue(answer.startsWith("HTTP/1.1 401"), answer);
            }
            ManagedChannel channel = channel(served).build();
            assertEquals(Status.Code.OK, code(channel, "bearer s3cret"), "as by HTTP");
            assertEquals(Status.Code.UNAUTHENTICATED, code(channel, "Bearer S3CRET"));
            assertEquals(Status.Code.UNAUTHENTICATED, code(channel, "Bearer s3cret", "Bearer other"));
            assertEquals(Status.Code.UNAUTHENTICATED, code(channel, "Bearer other", "Bearer s3cret"));
            channel.shutdownNow();
        }
    }

    private static Status.Code code(ManagedChannel channel, String... tokens) {
        Metadata headers = new Metadata();
        for (String token : tokens) {
            headers.put(AUTHORIZATION, token);
        }
        try {
            String name = GRPCInferenceServiceGrpc.newBlockingStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .serverMetadata(ServerMetadataRequest.getDefaultInstance())
                    .getName();
            assertEquals("earshot", name);
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    /** Each takes milliseconds of a processor, and a client sends a thousand of them ahead in one packet. */
    @Test
    void whoAsksForMetricsWithoutEndIsToldToComeAgain() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(32);
        try (Served served = new Served()) {
            String one = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
            String ahead = (one + "\r\n").repeat(50) + one + "Connection: close\r\n\r\n";
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                answers.add(clients.submit(() -> http(served, ahead)));
            }
            int told = 0;
            int refused = 0;
            for (Future<String> each : answers) {
                told += each.get().split("HTTP/1.1 200 OK", -1).length - 1;
                refused += each.get().split("HTTP/1.1 503 ", -1).length - 1;
            }
            assertEquals(32 * 51, told + refused);
            assertTrue(told > 0 && refused > 0, told + " told, " + refused + " refused");
            assertEquals(200, served.get("/metrics").statusCode());
        } finally {
            clients.shutdownNow();
        }
    }
}
