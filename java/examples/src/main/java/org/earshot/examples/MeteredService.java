package org.earshot.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.earshot.micrometer.ClassifierMetrics;

/**
 * A service that Prometheus watches: {@code MeteredService MODEL PORT}, on this machine only. {@code POST /classify}
 * has a recording as its body and is answered by its scene; {@code GET /metrics} says how many there were and where
 * their time went.
 */
public final class MeteredService implements AutoCloseable {
    private static final AudioLimits LIMITS = AudioLimits.defaults().withMaxDuration(Duration.ofMinutes(1));

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final SceneClassifier classifier;
    private final ExecutorService callers = Executors.newFixedThreadPool(8);
    private final HttpServer server;

    /**
     * Loads the model and begins to serve.
     *
     * @param model a model directory
     * @param port where to listen; 0 for any that is free
     * @throws IOException if the port cannot be had
     */
    public MeteredService(Path model, int port) throws IOException {
        classifier = SceneClassifier.builder(model)
                .listener(new ClassifierMetrics(registry))
                .load();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/classify", this::classify);
        server.createContext("/metrics", exchange -> {
            // Prometheus' text format; a scrape that asks for another gets this one too.
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            answer(exchange, 200, registry.scrape());
        });
        server.setExecutor(callers);
        server.start();
    }

    private void classify(HttpExchange exchange) throws IOException {
        String text;
        int status = 200;
        try {
            AudioClip clip = AudioClip.read(exchange.getRequestBody(), "the upload", LIMITS);
            text = classifier.classify(clip, RecordingContext.unknown()).label();
        } catch (AudioException e) {
            text = e.getMessage();
            status = 422;
        }
        answer(exchange, status, text);
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        try (exchange) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /**
     * Where it listens.
     *
     * @return the port
     */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Lets the calls that have begun come to their end, then frees the model. */
    @Override
    public void close() {
        server.stop(1);
        callers.shutdown();
        classifier.close();
    }

    /**
     * Serves until the process is ended.
     *
     * @param args the model directory and the port
     * @throws IOException if the port cannot be had
     */
    public static void main(String[] args) throws IOException {
        MeteredService service = new MeteredService(Path.of(args[0]), Integer.parseInt(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(service::close));
        System.out.println("listening on port " + service.port());
    }
}
