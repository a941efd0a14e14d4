package org.earshot.examples;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;

/**
 * Answers many callers with one classifier: {@code ServiceLoop MODEL RECORDING...}. Nobody waits longer than he wants
 * to, and who comes when everything is busy is told so at once. Statuses are HTTP's.
 */
public final class ServiceLoop implements AutoCloseable {
    /**
     * What a caller is told.
     *
     * @param status 200 and the scene, 422 (no such recording), 503 (come again later), 504 (too late) or 500
     * @param text the scene's label, or what went wrong
     */
    public record Answer(int status, String text) {}

    private final SceneClassifier classifier;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /**
     * Loads the model, once for all callers.
     *
     * @param model a model directory
     */
    public ServiceLoop(Path model) {
        classifier = SceneClassifier.builder(model)
                .sessions(2) // calls that compute at once, each with a workspace of its own
                .threads(1) // of one call
                .failWhenBusy() // without it further calls wait for a session
                .load();
    }

    /**
     * Answers a caller; any number of threads may ask.
     *
     * @param recording the file to classify
     * @param patience how long the caller waits
     * @return the scene, or why there is none
     */
    public Answer answer(Path recording, Duration patience) {
        Future<String> call = threads.submit(
                () -> classifier.classify(recording, RecordingContext.unknown()).label());
        try {
            return new Answer(200, call.get(patience.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
            return new Answer(504, "no answer within " + patience.toMillis() + " ms");
        } catch (ExecutionException e) {
            return failure(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Answer(503, "the service ends");
        } finally {
            // Where nobody wants the answer any more, the interrupt ends the call and frees its session.
            call.cancel(true);
        }
    }

    private static Answer failure(Throwable reason) {
        if (reason instanceof BusyException) {
            return new Answer(503, reason.getMessage());
        }
        boolean callersFault = reason instanceof AudioException audio
                && switch (audio.reason()) {
                    case FORMAT, DAMAGED, LIMIT, IO -> true;
                    case UNAVAILABLE, INTERRUPTED -> false;
                };
        return new Answer(callersFault ? 422 : 500, reason.getMessage());
    }

    /** Waits for running calls, then frees the model. */
    @Override
    public void close() {
        threads.shutdown();
        classifier.close();
    }

    private Void call(Path recording) throws InterruptedException {
        Answer answer = answer(recording, Duration.ofSeconds(10));
        while (answer.status() == 503) {
            Thread.sleep(50);
            answer = answer(recording, Duration.ofSeconds(10));
        }
        System.out.println(recording + ": " + answer.status() + " " + answer.text());
        return null;
    }

    /**
     * Lets one caller for each recording ask at once, again where the service was busy, and prints the answers.
     *
     * @param args the model directory and the recordings
     * @throws InterruptedException if the program is to end
     */
    public static void main(String[] args) throws InterruptedException {
        try (ServiceLoop service = new ServiceLoop(Path.of(args[0]))) {
            List<Callable<Void>> callers = new ArrayList<>();
            for (String recording : Arrays.asList(args).subList(1, args.length)) {
                callers.add(() -> service.call(Path.of(recording)));
            }
            service.threads.invokeAll(callers);
        }
    }
}
