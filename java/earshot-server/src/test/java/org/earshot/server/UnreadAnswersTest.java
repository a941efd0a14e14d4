package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.earshot.server.service.Limits;
import org.junit.jupiter.api.Test;

/** Clients that take no answers, or do not agree that it is over: what they keep from others, they keep for a while. */
class UnreadAnswersTest {
    private static final int SETTINGS = 4;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private static Served impatient() {
        return new Served(
                builder -> builder.limits(new Limits(1 << 20, Duration.ofMinutes(10), Duration.ofMillis(500), 2, 1)));
    }

    /** A short frame of a client's, masked by nothing. */
    private static byte[] frame(int opcode, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(6 + payload.length);
        frame.put((byte) (0x80 | opcode)).put((byte) (0x80 | payload.length));
        return frame.putInt(0).put(payload).array();
    }

    /** Jetty waits for what a client says to it, for as long as it says anything. */
    @Test
    void aSocketThatGoesOnAfterItsEndIsCutOff() throws IOException {
        try (Served served = impatient();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), served.server.port())) {
            OutputStream out = socket.getOutputStream();
            String head = String.join(
                    "\r\n",
                    "GET /stream HTTP/1.1",
                    "Host: localhost",
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    "",
                    "");
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(frame(1, "end".getBytes(StandardCharsets.US_ASCII)));
            byte[] sample = frame(2, new byte[Short.BYTES]);
            Served.await(() -> isCutOff(out, sample));
            assertEquals(0, served.metric("earshot_streams_open"));
        }
    }

    private static boolean isCutOff(OutputStream out, byte[] frame) {
        try {
            out.write(frame);
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static byte[] http2(int type, int flags, int stream, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
        frame.put((byte) 0).putShort((short) payload.length).put((byte) type).put((byte) flags);
        return frame.putInt(stream).put(payload).array();
    }

    /** A header as HPACK has one that no table knows. */
    private static void header(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        for (String each : new String[] {name, value}) {
            block.write(each.length());
            block.writeBytes(each.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** HTTP/2 itself, as clients' libraries take what comes, whoever asks them for it. */
    @Test
    void aCallWhoseAnswerNobodyTakesIsTakenBack() throws IOException {
        try (Served served = impatient();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), served.server.grpcPort())) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            // INITIAL_WINDOW_SIZE: nothing is taken.
            all.writeBytes(http2(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}));
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            header(head, ":method", "POST");
            header(head, ":scheme", "http");
            header(head, ":path", "/inference.GRPCInferenceService/ServerLive");
            header(head, ":authority", "localhost");
            header(head, "content-type", "application/grpc");
            header(head, "te", "trailers");
            all.writeBytes(http2(HEADERS, END_HEADERS, 1, head.toByteArray()));
            all.writeBytes(http2(0, END_STREAM, 1, new byte[5])); // An empty message, and no more.
            socket.getOutputStream().write(all.toByteArray());
            socket.setSoTimeout(60_000);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int type;
            do {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                type = in.readUnsignedByte();
                in.skipNBytes(5 + length);
            } while (type != RST_STREAM);
            Served.await(() -> !served.log.isEmpty());
            assertTrue(served.log.peek().contains("\"DEADLINE_EXCEEDED\""), served.log::peek);
        }
    }
}
