package org.earshot.examples;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.earshot.CallOptions;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.DeadlineException;
import org.earshot.error.EarshotException;

/**
 * Answers many callers with one classifier: {@code ServiceLoop MODEL RECORDING...}. Nobody waits longer than he wants
 * to, and who comes when too many wait is told so at once. Statuses are HTTP's.
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

    /**
     * Loads the model, once for all callers.
     *
     * @param model a model directory
     */
    public ServiceLoop(Path model) {
        classifier = SceneClassifier.builder(model)
                .sessions(2) // calls that compute at once, each with a workspace of its own
                .threads(1) // of one call
                .maxWaiting(4) // further calls are told that the service is busy
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
        CallOptions options = CallOptions.none().withDeadline(patience);
        try {
            return new Answer(
                    200,
                    classifier
                            .classify(recording, RecordingContext.unknown(), options)
                            .label());
        } catch (DeadlineException e) {
            return new Answer(504, e.getMessage());
        } catch (BusyException | CancelledException e) {
            return new Answer(503, e.getMessage());
        } catch (AudioException e) {
            boolean callersFault =
                    switch (e.reason()) {
                        case FORMAT, DAMAGED, LIMIT, IO -> true;
                        case UNAVAILABLE, INTERRUPTED -> false;
                    };
            return new Answer(callersFault ? 422 : 500, e.getMessage());
        } catch (EarshotException e) {
            return new Answer(500, e.getMessage());
        }
    }

    /** Gives the calls that run a second to come to their end, then frees the model. */
    @Override
    public void close() {
        classifier.close(Duration.ofSeconds(1));
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
        ExecutorService threads = Executors.newCachedThreadPool();
        try (ServiceLoop service = new ServiceLoop(Path.of(args[0]))) {
            List<Callable<Void>> callers = new ArrayList<>();
            for (String recording : Arrays.asList(args).subList(1, args.length)) {
                callers.add(() -> service.call(Path.of(recording)));
            }
            threads.invokeAll(callers);
        } finally {
            threads.shutdown();
        }
    }
}
