package org.earshot.server.grpc;

import io.grpc.DecompressorRegistry;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.earshot.server.inference.Inference;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.earshot.server.service.Limits;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.UploadMemory;

/** The server's side of gRPC. */
public final class GrpcFrontEnd implements AutoCloseable {
    /** Bytes of a message beyond the recordings: names, shapes, parameters. */
    public static final int ENVELOPE = 1 << 16;

    private static final int CALLS_A_CONNECTION = 128;
    /**
     * What a call takes before anybody looks at it, and until its client has taken the answer: a bit more than it does.
     */
    private static final int CALL_BYTES = 1 << 12;

    private static final int CONNECTIONS = 4096;

    private static final long IDLE_MINUTES = 5;
    /** From a connection's beginning to its first frame, with the handshake of TLS. */
    private static final long HANDSHAKE_SECONDS = 10;
    /** Calls that a connection may take back, in so many seconds: a client that takes back all of many at once may. */
    private static final int RESETS = 10 * CALLS_A_CONNECTION;

    private static final int RESETS_SECONDS = 10;
    /** They read messages and begin calls, and wait for nothing. */
    private static final int THREADS = 8;
    /** Of each service, and as many of those that last. */
    private static final int CALLS = 4096;

    private final Server server;
    private final Health health;
    private final List<OpenCalls> open = new ArrayList<>();
    private final EventLoopGroup accepting = events(1, "earshot-grpc-accept");
    private final EventLoopGroup transport = events(0, "earshot-grpc");
    private final ExecutorService executor = Executors.newFixedThreadPool(THREADS, threads("earshot-grpc-calls"));

    /**
     * What the front end stands on.
     *
     * @param models that are served
     * @param inference that answers
     * @param limits of every request
     * @param memory of uploads
     * @param metrics that count
     * @param log of requests
     * @param version of the server
     */
    public record Parts(
            ModelRepository models,
            Inference inference,
            Limits limits,
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
     * @param token that calls must carry; empty for none
     * @param certificates PEM file of the certificates; empty for no TLS
     * @param key PEM file of the private key
     * @throws IOException if the port cannot be had
     */
    public GrpcFrontEnd(
            Parts parts,
            InetAddress address,
            int port,
            Optional<String> token,
            Optional<Path> certificates,
            Optional<Path> key)
            throws IOException {
        health = new Health(parts.models());
        List<ServerServiceDefinition> services = Stream.of(
                        new InferenceService(parts.models(), parts.inference(), parts.limits(), parts.version()),
                        health.service(),
                        ProtoReflectionServiceV1.newInstance())
                .map(service -> ServerInterceptors.intercept(service, openCalls()))
                // The gate reads them.
                .map(ServerInterceptors::useInputStreamMessages)
                .toList();
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .maxInboundMessageSize(parts.limits().bodyBytes() + ENVELOPE)
                .maxConcurrentCallsPerConnection(CALLS_A_CONNECTION)
                .maxConnectionIdle(IDLE_MINUTES, TimeUnit.MINUTES)
                .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
                .maxRstFramesPerWindow(RESETS, RESETS_SECONDS)
                .channelFactory(() -> new CountedServerChannel(
                        connections(Runtime.getRuntime().maxMemory())))
                .bossEventLoopGroup(accepting)
                .workerEventLoopGroup(transport)
                .executor(executor)
                .decompressorRegistry(DecompressorRegistry.getDefaultInstance().with(new Gzip(), true))
                .addStreamTracerFactory(new BodyTracers(parts.memory()))
                .addStreamTracerFactory(new Watch(parts.log(), parts.metrics(), services))
                // To take an answer a client has as long again as the server has to give it.
                .addStreamTracerFactory(
                        new Untaken(services, parts.limits().timeout().multipliedBy(2), transport))
                // The last one is asked first.
                .intercept(new Gate(token, parts.limits().timeout()))
                .intercept(new Watch.Introduction())
                .addServices(services);
        if (certificates.isPresent()) {
            File chain = certificates.get().toFile();
            builder.useTransportSecurity(chain, key.orElseThrow().toFile());
        }
        server = started(builder);
    }

    /**
     * How many connections there may be at once: all calls of all of them have half of Java's memory.
     *
     * @param memory bytes that Java may take
     */
    static int connections(long memory) {
        return (int) Math.min(CONNECTIONS, memory / 2 / (CALLS_A_CONNECTION * CALL_BYTES));
    }

    /** Of a service, so that those who fill it up leave health to be told. */
    private OpenCalls openCalls() {
        OpenCalls calls = new OpenCalls(CALLS);
        open.add(calls);
        return calls;
    }

    private Server started(NettyServerBuilder builder) throws IOException {
        boolean started = false;
        try {
            Server made = builder.build().start();
            started = true;
            return made;
        } finally {
            if (!started) {
                endThreads();
            }
        }
    }

    /** As many threads as said; with 0 as Netty thinks fit. */
    private static EventLoopGroup events(int count, String name) {
        return new MultiThreadIoEventLoopGroup(count, threads(name), NioIoHandler.newFactory());
    }

    private static ThreadFactory threads(String name) {
        return new DefaultThreadFactory(name, true);
    }

    /**
     * Where it listens.
     *
     * @return the port
     */
    public int port() {
        return server.getPort();
    }

    /** Looks whether the models can answer, for those who want to know without asking. */
    public void look() {
        health.look();
    }

    /** Accepts nothing more, and says so to whoever watches. */
    public void refuse() {
        health.end();
        open.forEach(OpenCalls::end);
        server.shutdown();
    }

    /**
     * Waits for the calls that are being answered, once nothing more is accepted.
     *
     * @param atMost how long
     */
    public void stop(Duration atMost) {
        try {
            server.awaitTermination(Math.max(1, atMost.toMillis()), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public void close() {
        server.shutdownNow();
        endThreads();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // They end by themselves.
    private void endThreads() {
        accepting.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        transport.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        executor.shutdown();
    }
}
