package org.earshot.server.grpc;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.earshot.server.inference.Inference;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.earshot.server.service.Limits;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.UploadMemory;

/** The server's side of gRPC. */
public final class GrpcFrontEnd implements AutoCloseable {
    /** Beyond the recordings: names, shapes, parameters. */
    private static final int ENVELOPE = 1 << 16;

    private static final int CALLS_A_CONNECTION = 128;
    private static final long IDLE_MINUTES = 5;

    private final Server server;

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
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .maxInboundMessageSize(parts.limits().bodyBytes() + ENVELOPE)
                .maxConcurrentCallsPerConnection(CALLS_A_CONNECTION)
                .maxConnectionIdle(IDLE_MINUTES, TimeUnit.MINUTES)
                .intercept(new Watch(token, parts.log(), parts.metrics()))
                .addService(new InferenceService(
                        parts.models(), parts.inference(), parts.memory(), parts.limits(), parts.version()));
        if (certificates.isPresent()) {
            File chain = certificates.get().toFile();
            builder.useTransportSecurity(chain, key.orElseThrow().toFile());
        }
        server = builder.build().start();
    }

    /**
     * Where it listens.
     *
     * @return the port
     */
    public int port() {
        return server.getPort();
    }

    /** Accepts nothing more. */
    public void refuse() {
        server.shutdown();
    }

    /**
     * Waits for the calls that are being answered, once nothing more is accepted.
     *
     * @param atMost how long
     */
    public void stop(Duration atMost) {
        refuse();
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
    }
}
