package org.earshot.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RestWatchTest {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final int SOCKET_PATIENCE_MILLIS = 30_000;

    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);
    private final Waiting waiting = new Waiting();
    private final RestWatch watch = new RestWatch(waiting, MOST);

    @BeforeEach
    void start() throws Exception {
        server.addConnector(connector);
        server.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                callback.succeeded();
                return true;
            }
        });
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
    }

    private Socket connect() throws IOException, InterruptedException {
        int before = connector.getConnectedEndPoints().size();
        Socket client = new Socket("localhost", connector.getLocalPort());
        client.setSoTimeout(SOCKET_PATIENCE_MILLIS);
        while (connector.getConnectedEndPoints().size() == before) {
            Thread.sleep(1);
        }
        return client;
    }

    private static void send(Socket client, String text) throws IOException {
        client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        client.getOutputStream().flush();
    }

    private static void ask(Socket client) throws IOException {
        send(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        StringBuilder head = new StringBuilder();
        InputStream in = client.getInputStream();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            assertTrue(next >= 0, "the connection has ended");
            head.append((char) next);
        }
        assertTrue(head.toString().startsWith("HTTP/1.1 200"), head.toString());
    }

    private void look(Duration time) {
        watch.look(connector.getConnectedEndPoints(), time.toNanos());
    }

    @Test
    void aHeadThatComesByteByByteEnds() throws Exception {
        try (Socket slow = connect()) {
            send(slow, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
            look(Duration.ZERO);
            look(MOST);
            send(slow, "y");
            look(MOST.plusNanos(1));
            assertEquals(-1, slow.getInputStream().read());
        }
    }

    @Test
    void whoAsksNowAndThenStays() throws Exception {
        try (Socket client = connect()) {
            ask(client);
            look(Duration.ZERO);
            ask(client);
            look(MOST.plusNanos(1));
            ask(client);
        }
    }

    @Test
    void whoWaitsStays() throws Exception {
        try (Socket client = connect()) {
            look(Duration.ZERO);
            Unfinished request = new Unfinished() {
                @Override
                public SocketAddress client() {
                    return client.getLocalSocketAddress();
                }

                @Override
                public void giveUp() {}
            };
            waiting.add(request);
            look(MOST.multipliedBy(10));
            waiting.remove(request);
            look(MOST.multipliedBy(11));
            ask(client);
        }
    }
}
