package org.earshot.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import org.earshot.AudioClip;
import org.earshot.CallOptions;
import org.earshot.ClassifierEvent;
import org.earshot.ClassifierListener;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneClassifierHolder;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.DeadlineException;
import org.earshot.error.EarshotException;

/**
 * A service to which recordings are uploaded: {@code UploadService MODEL PORT}, on this machine only. {@code POST
 * /classify} has a recording as its body and is answered by its scene; callers that come together share batches.
 * {@code POST /model} names another model directory, which takes the place of the one that serves; {@code GET /health}
 * says which one that is, and what became of the calls.
 */
public final class UploadService implements AutoCloseable {
    private static final AudioLimits LIMITS = AudioLimits.defaults().withMaxDuration(Duration.ofMinutes(1));
    private static final CallOptions PATIENCE = CallOptions.none().withDeadline(Duration.ofSeconds(30));

    private final LongAdder answered = new LongAdder();
    private final LongAdder others = new LongAdder();
    private final LongAdder batched = new LongAdder();
    private final SceneClassifierHolder holder;
    private final ExecutorService callers = Executors.newFixedThreadPool(32);
    private final HttpServer server;

    /** What is counted of the calls; a service would hand it to its metrics. */
    private final ClassifierListener counts = new ClassifierListener() {
        @Override
        public void callEnded(ClassifierEvent event) {
            (event.outcome() == ClassifierEvent.Outcome.ANSWERED ? answered : others).increment();
            if (event.batchSize() > 1) {
                batched.increment();
            }
        }
    };

    /**
     * Loads the model and begins to serve.
     *
     * @param model a model directory
     * @param port where to listen; 0 for any that is free
     * @throws IOException if the port cannot be had
     */
    public UploadService(Path model, int port) throws IOException {
        holder = SceneClassifierHolder.load(builder(model));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/classify", exchange -> answer(exchange, () -> classify(exchange)));
        server.createContext("/model", exchange -> answer(exchange, () -> replace(exchange)));
        server.createContext("/health", exchange -> answer(exchange, this::health));
        server.setExecutor(callers);
        server.start();
    }

    private SceneClassifier.Builder builder(Path model) {
        return SceneClassifier.builder(model)
                .batching(8, Duration.ofMillis(5), 64) // calls at once, how long the first one waits, how many queue up
                .listener(counts);
    }

    private String classify(HttpExchange exchange) throws IOException {
        AudioClip clip = AudioClip.read(exchange.getRequestBody(), "the upload", LIMITS);
        return holder.use(classifier -> classifier.classify(clip, RecordingContext.unknown(), PATIENCE))
                .label();
    }

    private String replace(HttpExchange exchange) throws IOException {
        String model = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        holder.replace(builder(Path.of(model))); // If that fails, the one before goes on serving.
        return holder.modelDigest();
    }

    private String health() {
        return holder.health().state() + " " + holder.modelDigest() + " answered " + answered + ", batched " + batched
                + ", not answered " + others;
    }

    private interface Answer {
        String get() throws IOException;
    }

    private static void answer(HttpExchange exchange, Answer answer) throws IOException {
        try (exchange) {
            String text;
            int status;
            try {
                text = answer.get();
                status = 200;
            } catch (AudioException e) {
                text = e.getMessage();
                status = 422;
            } catch (BusyException e) {
                text = e.getMessage();
                status = 503;
            } catch (DeadlineException e) {
                text = e.getMessage();
                status = 504;
            } catch (EarshotException e) {
                text = e.getMessage();
                status = 500;
            }
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
        holder.close();
    }

    /**
     * Serves until the process is ended.
     *
     * @param args the model directory and the port
     * @throws IOException if the port cannot be had
     */
    public static void main(String[] args) throws IOException {
        UploadService service = new UploadService(Path.of(args[0]), Integer.parseInt(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(service::close));
        System.out.println("listening on port " + service.port());
    }
}
