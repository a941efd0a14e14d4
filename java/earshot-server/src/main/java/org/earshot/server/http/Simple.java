package org.earshot.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.earshot.RecordingContext;
import org.earshot.SceneAnalysis;
import org.earshot.ScenePrediction;
import org.earshot.server.service.Contexts;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.Problem;
import org.earshot.server.service.Recording;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.SceneService;
import org.earshot.server.service.ServedVersion;
import org.earshot.server.service.Spectrogram;

/** One recording, one answer: {@code /classify}, as the command line prints it, and {@code /features}, as a picture. */
final class Simple implements AutoCloseable {
    /** Even, and about as many as a page is wide. */
    private static final int COLUMNS = 1000;

    private static final int PICTURES_AT_ONCE = 2;
    private static final int PICTURES_WAITING = 16;
    private static final long IDLE_SECONDS = 10;

    private final ModelRepository models;
    private final SceneService service;
    private final ExecutorService pictures;

    Simple(ModelRepository models, SceneService service) {
        this.models = models;
        this.service = service;
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                PICTURES_AT_ONCE,
                PICTURES_AT_ONCE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(PICTURES_WAITING),
                work -> {
                    Thread thread = new Thread(work, "earshot-server-features");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        pictures = executor;
    }

    /** A file that came, and the model that is asked. */
    private record Asked(Upload upload, ServedVersion version, Recording recording) {}

    private CompletableFuture<Asked> asked(Exchange exchange) {
        return Upload.of(exchange).thenApply(upload -> {
            ServedVersion version =
                    models.model(upload.parameter(exchange, "model")).version(upload.parameter(exchange, "version"));
            exchange.model(version.model());
            return new Asked(upload, version, service.recording(upload.content(), upload.name()));
        });
    }

    /** Answers a file with its scene. */
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    void classify(Exchange exchange) {
        asked(exchange).whenComplete((asked, e) -> {
            if (e != null) {
                exchange.fail(e);
                return;
            }
            try {
                Upload upload = asked.upload();
                RecordingContext context =
                        Contexts.of(upload.parameter(exchange, "city"), upload.parameter(exchange, "time"));
                CompletableFuture<List<SceneAnalysis<ScenePrediction, float[]>>> work =
                        service.analyse(asked.version(), List.of(asked.recording()), context, exchange.deadline());
                exchange.answer(work, work.thenApply(answers -> {
                    byte[] json = json(upload.name(), answers.get(0).prediction());
                    return () -> exchange.json(200, json);
                }));
            } catch (RuntimeException thrown) {
                exchange.fail(thrown);
            }
        });
    }

    private static byte[] json(String file, ScenePrediction prediction) {
        ObjectNode fields = Json.MAPPER.valueToTree(prediction);
        return Json.object(out -> {
            out.writeStringField("file", file);
            for (Map.Entry<String, JsonNode> field : fields.properties()) {
                out.writeObjectField(field.getKey(), field.getValue());
            }
        });
    }

    /** Answers a file with its log-mel features, as few and coarse as a picture needs. */
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    void features(Exchange exchange) {
        asked(exchange).whenComplete((asked, e) -> {
            if (e != null) {
                exchange.fail(e);
                return;
            }
            Picture work = new Picture(asked);
            try {
                work.submit(pictures);
            } catch (RejectedExecutionException full) {
                exchange.fail(new RequestException(
                        Problem.BUSY,
                        "pictures: found " + PICTURES_WAITING + " that wait; expected fewer, in a while"));
                return;
            }
            work.orTimeout(Math.max(1, exchange.deadline().remainingNanos()), TimeUnit.NANOSECONDS);
            exchange.answer(work, work.thenApply(json -> () -> exchange.json(200, json)));
        });
    }

    /** A picture that is being made; to cancel it interrupts whoever makes it. */
    private static final class Picture extends CompletableFuture<byte[]> {
        private final Asked asked;
        private volatile Future<?> making;

        Picture(Asked asked) {
            this.asked = asked;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
        void submit(ExecutorService executor) {
            making = executor.submit(() -> {
                try {
                    complete(json(Spectrogram.of(
                            asked.recording(), asked.version().info().features(), COLUMNS)));
                } catch (RuntimeException | Error e) {
                    completeExceptionally(e);
                }
            });
            whenComplete((json, e) -> making.cancel(true));
        }
    }

    private static byte[] json(Spectrogram picture) {
        return Json.object(out -> {
            out.writeNumberField("seconds", picture.duration().toMillis() / 1000.0);
            out.writeNumberField("columns", picture.columns());
            out.writeNumberField("bands", picture.bands());
            out.writeBinaryField("levels", picture.levels());
        });
    }

    @Override
    public void close() {
        pictures.shutdownNow();
    }
}
