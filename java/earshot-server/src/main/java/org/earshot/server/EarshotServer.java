package org.earshot.server;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.earshot.ComputePool;
import org.earshot.SceneClassifier;
import org.earshot.error.EarshotException;
import org.earshot.server.decoding.ProcessDecoder;
import org.earshot.server.grpc.GrpcFrontEnd;
import org.earshot.server.http.HttpFrontEnd;
import org.earshot.server.http.TlsKey;
import org.earshot.server.inference.Inference;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.earshot.server.service.Limits;
import org.earshot.server.service.LiveStreams;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.ModelSource;
import org.earshot.server.service.SceneService;
import org.earshot.server.service.UploadMemory;

/**
 * Serves models by HTTP and gRPC until it is closed.
 *
 * <pre>{@code
 * try (EarshotServer server = EarshotServer.of(ModelSource.parse("street=model")).port(8080).start()) {
 *     System.out.println("http://localhost:" + server.port());
 *     ...
 * }
 * }</pre>
 */
public final class EarshotServer implements AutoCloseable {
    private static final String UNKNOWN_VERSION = "unreleased";

    /** Recordings that are decoded at once, however few processors there are: a long one is not to keep all others. */
    private static final int LEAST_DECODERS = 4;

    /** The highest of all ports. */
    public static final int HIGHEST_PORT = 65_535;

    /** For telling what is given up at the end. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private static final long LOOK_FOR_IDLE_MILLIS = 10_000;

    private static final long LOOK_AT_HEALTH_MILLIS = 1000;

    private final Metrics metrics = new Metrics();
    private final ModelRepository models;
    private final Optional<ProcessDecoder> decoder;
    private final SceneService service;
    private final LiveStreams streams;
    private final AccessLog log;
    private final HttpFrontEnd http;
    private final GrpcFrontEnd grpc;
    private final Duration drain;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EarshotServer(Builder builder) throws IOException {
        drain = builder.drain;
        ComputePool pool = ComputePool.of(builder.threads);
        models = new ModelRepository(
                builder.models,
                directory -> builder.loading.apply(SceneClassifier.builder(directory)
                        .pool(pool)
                        .batching(builder.batchSize, builder.batchDelay, builder.queue)
                        .listener(metrics.calls())));
        // A part of the heap: what is decoded and computed needs some too.
        long bodies = Runtime.getRuntime().maxMemory() / 4;
        UploadMemory memory = new UploadMemory(bodies + GrpcFrontEnd.ENVELOPE);
        Limits limits = builder.limits.within(bodies);
        if (limits.bodyBytes() < builder.limits.bodyBytes()) {
            System.getLogger(EarshotServer.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "requests may have " + limits.bodyBytes() + " bytes, not " + builder.limits.bodyBytes()
                                    + ": all of them together have a quarter of Java's memory, which -Xmx makes more");
        }
        decoder = decoder(builder, limits);
        service = new SceneService(limits, decoder.map(Function.identity()));
        decoder.ifPresent(processes -> service.repeat(processes::endIdle, LOOK_FOR_IDLE_MILLIS));
        streams = new LiveStreams(limits.streams());
        Inference inference = new Inference(service);
        log = new AccessLog(builder.log);
        String version = Optional.ofNullable(EarshotServer.class.getPackage().getImplementationVersion())
                .orElse(UNKNOWN_VERSION);
        bind(memory);
        boolean started = false;
        HttpFrontEnd startedHttp = null;
        try {
            startedHttp = new HttpFrontEnd(
                    new HttpFrontEnd.Parts(models, service, inference, streams, memory, metrics, log, version),
                    builder.address,
                    builder.port,
                    builder.token,
                    builder.tls);
            http = startedHttp;
            grpc = new GrpcFrontEnd(
                    new GrpcFrontEnd.Parts(models, inference, limits, memory, metrics, log, version),
                    builder.address,
                    builder.grpcPort,
                    builder.token,
                    builder.tls.map(TlsKey::certificates),
                    builder.tls.map(TlsKey::key));
            service.repeat(grpc::look, LOOK_AT_HEALTH_MILLIS);
            started = true;
        } finally {
            if (!started) {
                if (startedHttp != null) {
                    startedHttp.close();
                }
                free();
            }
        }
    }

    private Optional<ProcessDecoder> decoder(Builder builder, Limits limits) throws IOException {
        boolean started = false;
        try {
            Optional<ProcessDecoder> processes = builder.decodesInProcess
                    ? Optional.empty()
                    : Optional.of(new ProcessDecoder(
                            Math.max(LEAST_DECODERS, builder.threads), limits.bodyBytes(), limits.timeout()));
            started = true;
            return processes;
        } finally {
            if (!started) {
                models.close();
                metrics.close();
            }
        }
    }

    private void bind(UploadMemory memory) {
        decoder.ifPresent(processes -> metrics.gauge(
                "earshot.decoders", "Processes that decode or wait for it", processes, ProcessDecoder::count));
        metrics.gauge("earshot.uploads.bytes", "Memory that the bodies of requests take", memory, UploadMemory::used);
        metrics.gauge("earshot.streams.open", "Streams of live sound", streams, LiveStreams::count);
        metrics.counter("earshot.log.lost.lines", "Lines of the access log that nobody took", log, AccessLog::lost);
    }

    private void free() {
        service.close();
        decoder.ifPresent(ProcessDecoder::close);
        models.close();
        metrics.close();
        log.close();
    }

    /**
     * Begins to say what is served.
     *
     * @param models at least one, each of another name
     * @return a builder
     */
    public static Builder of(ModelSource... models) {
        return new Builder(List.of(models));
    }

    /**
     * Where it listens for HTTP.
     *
     * @return the port
     */
    public int port() {
        return http.port();
    }

    /**
     * Where it listens for gRPC.
     *
     * @return the port
     */
    public int grpcPort() {
        return grpc.port();
    }

    /**
     * What is served.
     *
     * @return a line for each version of each model
     */
    public List<String> served() {
        return models.models().stream()
                .flatMap(model -> model.versions().stream())
                .map(version -> version.model() + ", version " + version.version() + ": "
                        + version.info().architecture() + " on "
                        + version.info().backend())
                .toList();
    }

    /** Loads all models anew, the ones before serving until then; the log says which could not be. */
    public void reload() {
        models.loadAll();
    }

    /**
     * Accepts nothing more, answers what has begun, and ends: after the time to drain at the latest, when what still
     * runs is given up, and who waits for it is told so.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        Duration most = drain.plus(LAST_WORDS);
        long end = System.nanoTime() + most.toNanos();
        grpc.refuse();
        service.later(drain, this::giveUp);
        http.stop(most);
        grpc.stop(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        service.giveUp();
        streams.closeAll();
        free();
    }

    private void giveUp() {
        service.giveUp();
        http.giveUp();
    }

    /** The choices in starting a server. */
    public static final class Builder {
        private final List<ModelSource> models;
        private InetAddress address = InetAddress.getLoopbackAddress();
        private int port;
        private int grpcPort;
        private Optional<String> token = Optional.empty();
        private Optional<TlsKey> tls = Optional.empty();
        private Limits limits = Limits.DEFAULT;
        private int threads = Runtime.getRuntime().availableProcessors();
        private int batchSize = 8;
        private Duration batchDelay = Duration.ofMillis(2);
        private int queue = 64;
        private UnaryOperator<SceneClassifier.Builder> loading = builder -> builder;
        private boolean decodesInProcess;
        private Duration drain = Duration.ofSeconds(10);
        private Optional<Consumer<String>> log = Optional.empty();

        private Builder(List<ModelSource> models) {
            this.models = models;
        }

        /**
         * Sets where to listen.
         *
         * @param where by default loopback: this machine alone
         * @return this
         */
        public Builder address(InetAddress where) {
            address = Objects.requireNonNull(where);
            return this;
        }

        /**
         * Sets the port of HTTP.
         *
         * @param number by default 0, any that is free
         * @return this
         * @throws IllegalArgumentException if there is no such port
         */
        public Builder port(int number) {
            port = requirePort(number);
            return this;
        }

        /**
         * Sets the port of gRPC.
         *
         * @param number by default 0, any that is free
         * @return this
         * @throws IllegalArgumentException if there is no such port
         */
        public Builder grpcPort(int number) {
            grpcPort = requirePort(number);
            return this;
        }

        private static int requirePort(int number) {
            if (number < 0 || number > HIGHEST_PORT) {
                throw new IllegalArgumentException("port: found " + number + "; expected 0 to " + HIGHEST_PORT);
            }
            return number;
        }

        /**
         * Asks every request for a bearer token, except the page and those for health.
         *
         * @param secret the token, not blank
         * @return this
         * @throws IllegalArgumentException if it is blank
         */
        public Builder token(String secret) {
            if (secret.isBlank()) {
                // A request without a token would have it.
                throw new IllegalArgumentException("token: found none; expected one that is not blank");
            }
            token = Optional.of(secret);
            return this;
        }

        /**
         * Has all be encrypted.
         *
         * @param certificates PEM file of the chain, the server's own first
         * @param key PEM file of its private key, in PKCS #8, not encrypted
         * @return this
         * @throws IllegalArgumentException if one of them cannot be read, or they do not belong together
         */
        public Builder tls(Path certificates, Path key) {
            TlsKey pair = new TlsKey(certificates, key);
            // Before models are loaded for nothing.
            pair.store();
            tls = Optional.of(pair);
            return this;
        }

        /**
         * Bounds requests.
         *
         * @param bounds by default {@link Limits#DEFAULT}
         * @return this
         */
        public Builder limits(Limits bounds) {
            limits = Objects.requireNonNull(bounds);
            return this;
        }

        /**
         * Sets how many threads compute, for all models together.
         *
         * @param count by default as many as there are processors
         * @return this
         */
        public Builder threads(int count) {
            threads = count;
            return this;
        }

        /**
         * Sets how calls of different clients are computed together, see {@link SceneClassifier.Builder#batching}.
         *
         * @param size windows at once
         * @param delay how long one waits for others
         * @param waiting calls that may wait, of each model; further ones are told that the server is busy
         * @return this
         */
        public Builder batching(int size, Duration delay, int waiting) {
            batchSize = size;
            batchDelay = delay;
            queue = waiting;
            return this;
        }

        /**
         * Adds choices in loading models, such as their backend.
         *
         * @param choices made with every builder, first of all
         * @return this
         */
        public Builder loading(UnaryOperator<SceneClassifier.Builder> choices) {
            loading = Objects.requireNonNull(choices);
            return this;
        }

        /**
         * Decodes all formats in this process, where Java cannot be started again from its class path, or memory is
         * short. By default what is not plain WAV is decoded in processes of its own, so that a file that ends its
         * decoder ends nothing else.
         *
         * @return this
         */
        public Builder decodeInProcess() {
            decodesInProcess = true;
            return this;
        }

        /**
         * Sets how long what has begun may take when the server is closed.
         *
         * @param atMost by default ten seconds
         * @return this
         */
        public Builder drain(Duration atMost) {
            drain = Objects.requireNonNull(atMost);
            return this;
        }

        /**
         * Sets who takes the access log.
         *
         * @param lines takes one line of JSON for each request, one after another on a thread of its own, which may
         *     wait: what cannot wait with it is left out; by default nobody
         * @return this
         */
        public Builder log(Consumer<String> lines) {
            log = Optional.of(lines);
            return this;
        }

        /**
         * Loads the models and begins to listen.
         *
         * @return the server, to be closed at the end
         * @throws IOException if a port cannot be had
         * @throws EarshotException if a model cannot be loaded
         */
        public EarshotServer start() throws IOException {
            return new EarshotServer(this);
        }
    }
}
