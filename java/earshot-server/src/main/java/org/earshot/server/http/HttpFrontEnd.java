package org.earshot.server.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.earshot.server.inference.Inference;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.earshot.server.service.LiveStreams;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.SceneService;
import org.earshot.server.service.Token;
import org.earshot.server.service.UploadMemory;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The server's side of HTTP: Jetty with all that answers. */
public final class HttpFrontEnd implements AutoCloseable {
    /** Streams and replacements of models take a thread for as long as they last; all else gives it back soon. */
    private static final int THREADS = 48;

    private static final int CONNECTIONS = 4096;
    private static final int INPUT_BUFFER = 1 << 16;
    private static final Duration IDLE = Duration.ofSeconds(30);
    /** Of connections that do nothing while there are too many. */
    private static final Duration IDLE_IN_NEED = Duration.ofSeconds(2);

    /** Of connections at rest, however slowly a head comes: as long as one may be idle, and then as long for a head. */
    private static final Duration REST = IDLE.multipliedBy(2);

    /** Of connections at rest when the server ends. */
    private static final Duration IDLE_AT_END = Duration.ofSeconds(1);

    private static final long LOOK_MILLIS = 100;
    private static final long LOOK_AT_RESTING_MILLIS = 1000;

    private final Server server;
    private final ServerConnector connector;
    private final Simple simple;
    private final Waiting waiting = new Waiting();

    /**
     * What the front end stands on.
     *
     * @param models that are served
     * @param service that computes
     * @param inference that answers the protocol
     * @param streams that are open
     * @param memory of uploads
     * @param metrics that are shown
     * @param log of requests
     * @param version of the server
     */
    public record Parts(
            ModelRepository models,
            SceneService service,
            Inference inference,
            LiveStreams streams,
            UploadMemory memory,
            Metrics metrics,
            AccessLog log,
            String version) {}

    /**
     * Starts to listen.
     *
     * @param parts what it stands on
     * @param address where
     * @param port there; 0 for any that is free
     * @param token that requests must carry; empty for none
     * @param tls key and certificate; empty for none
     * @throws IOException if the port cannot be had
     */
    public HttpFrontEnd(Parts parts, InetAddress address, int port, Optional<String> token, Optional<TlsKey> tls)
            throws IOException {
        QueuedThreadPool threads =
                new QueuedThreadPool(THREADS + parts.service().limits().streams());
        threads.setName("earshot-http");
        threads.setDaemon(true);
        server = new Server(threads);
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        // A client that waits before it sends a large body is told to go on only when it is wanted.
        configuration.setIdleTimeout(IDLE.toMillis());
        tls.ifPresent(key -> configuration.addCustomizer(new SecureRequestCustomizer(false)));
        HttpConnectionFactory http = new HttpConnectionFactory(configuration);
        // Recordings are large: read in small pieces, each would cost more than its bytes.
        http.setInputBufferSize(INPUT_BUFFER);
        ConnectionFactory[] factories = tls.map(key ->
                        new ConnectionFactory[] {new SslConnectionFactory(context(key), http.getProtocol()), http})
                .orElse(new ConnectionFactory[] {http});
        connector = new ServerConnector(server, 1, 1, factories) {
            /** Ends connections that nobody waits at soon; the others have their time. */
            @Override
            public CompletableFuture<Void> shutdown() {
                CompletableFuture<Void> ended = super.shutdown();
                Set<SocketAddress> clients = waiting.clients();
                getConnectedEndPoints().stream()
                        .filter(each -> !clients.contains(each.getRemoteSocketAddress()))
                        .forEach(each -> each.setIdleTimeout(IDLE_AT_END.toMillis()));
                return ended;
            }
        };
        connector.setHost(address.getHostAddress());
        connector.setPort(port);
        connector.setIdleTimeout(IDLE.toMillis());
        connector.setShutdownIdleTimeout(-1);
        server.addConnector(connector);
        NetworkConnectionLimit limit = new NetworkConnectionLimit(CONNECTIONS, connector);
        limit.setEndPointIdleTimeout(IDLE_IN_NEED.toMillis());
        server.addBean(limit);
        server.setErrorHandler(new Errors());
        server.setRequestLog(new Endpoints(parts.log(), parts.metrics()));

        DisconnectWatch watch = new DisconnectWatch();
        parts.service().repeat(watch::look, LOOK_MILLIS);
        RestWatch rests = new RestWatch(waiting, REST);
        parts.service()
                .repeat(() -> rests.look(connector.getConnectedEndPoints(), System.nanoTime()), LOOK_AT_RESTING_MILLIS);
        simple = new Simple(parts.models(), parts.service());
        Router router = new Router(
                new Exchange.Surroundings(parts.service().limits(), parts.memory(), watch),
                waiting,
                new Guard(new Token(token), address.isLoopbackAddress()),
                parts.models(),
                new Protocol(parts.models(), parts.inference(), parts.version()),
                simple,
                new Streams(
                        parts.models(),
                        parts.streams(),
                        parts.service().limits().timeout()),
                parts.metrics()::text);
        server.setHandler(new GracefulHandler(router) {
            @Override
            protected void handleShutdownRejection(Request request, Response response, Callback callback) {
                response.getHeaders().put(HttpHeader.CONNECTION, "close");
                Exchange.fail(request, response, callback, RequestException.ending());
            }
        });
        start(address, port);
    }

    private void start(InetAddress address, int port) throws IOException {
        try {
            server.start();
        } catch (Exception e) {
            close();
            if (e instanceof IOException io) {
                throw new IOException(address.getHostAddress() + ":" + port + ": " + io.getMessage(), e);
            }
            throw new IllegalStateException(e);
        }
    }

    private static SslContextFactory.Server context(TlsKey key) {
        SslContextFactory.Server context = new SslContextFactory.Server();
        KeyStore store = key.store();
        context.setKeyStore(store);
        context.setKeyStorePassword("");
        return context;
    }

    /**
     * Where it listens.
     *
     * @return the port
     */
    public int port() {
        return connector.getLocalPort();
    }

    /**
     * Accepts nothing more, and waits for the requests that are being answered.
     *
     * @param atMost how long
     */
    public void stop(Duration atMost) {
        server.setStopTimeout(Math.max(1, atMost.toMillis()));
        close();
    }

    /** Tells all who wait for an answer that the server ends. */
    public void giveUp() {
        waiting.giveUp();
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            System.getLogger(HttpFrontEnd.class.getName())
                    .log(System.Logger.Level.DEBUG, "requests were cut off at the server's end", e);
        }
        simple.close();
    }
}
