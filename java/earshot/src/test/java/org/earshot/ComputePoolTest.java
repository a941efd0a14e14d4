package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.earshot.backend.GatedBackend;
import org.earshot.error.DeadlineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Classifiers that share processors: together they never use more than there are. */
@Timeout(120)
class ComputePoolTest {
    private static final RecordingContext NOWHERE = RecordingContext.unknown();

    @TempDir
    Path temporary;

    private static AudioClip clip() {
        return AudioClip.of(SmallModel.noise(0.3, 1), SmallModel.RATE);
    }

    /** Three models of two sessions each, and a pool of two threads: of six calls two compute. */
    @Test
    void noMoreComputeThanThePoolHas() throws Exception {
        ComputePool pool = ComputePool.of(2);
        List<GatedBackend> backends = new ArrayList<>();
        List<SceneClassifier> classifiers = new ArrayList<>();
        List<CompletableFuture<ScenePrediction>> calls = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                GatedBackend backend = new GatedBackend();
                backend.shut();
                backends.add(backend);
                SceneClassifier classifier = new SceneClassifier(
                        SceneClassifier.builder(SmallModel.quick(temporary))
                                .pool(pool)
                                .threads(1),
                        () -> List.of(backend));
                assertEquals(2, classifier.sessions());
                classifiers.add(classifier);
                for (int k = 0; k < 2; k++) {
                    calls.add(classifier.classifyAsync(clip(), NOWHERE, CallOptions.none()));
                }
            }
            while (classifiers.stream().mapToInt(SceneClassifier::runningCalls).sum() < 6
                    || backends.stream().mapToInt(GatedBackend::waiting).sum() < 2) {
                Thread.sleep(1);
            }
            Thread.sleep(50); // Time for a third one to come, if it could.
            assertEquals(2, backends.stream().mapToInt(GatedBackend::waiting).sum());
            assertEquals(2, pool.inUse());
            // Who waits for processors minds his deadline.
            CallOptions soon = CallOptions.none().withDeadline(Duration.ofMillis(30));
            assertThrows(DeadlineException.class, () -> classifiers.get(2).classify(clip(), NOWHERE, soon));
            backends.forEach(GatedBackend::lift);
            for (CompletableFuture<ScenePrediction> call : calls) {
                assertEquals(calls.get(0).get().ranking(), call.get().ranking());
            }
            assertEquals(0, pool.inUse());
        } finally {
            backends.forEach(GatedBackend::lift);
            classifiers.forEach(SceneClassifier::close);
        }
    }

    @Test
    void whatFailsOrIsGivenUpFreesItsProcessors() throws Exception {
        ComputePool pool = ComputePool.of(1);
        GatedBackend backend = new GatedBackend();
        try (SceneClassifier classifier = new SceneClassifier(
                        SceneClassifier.builder(SmallModel.quick(temporary))
                                .pool(pool)
                                .sessions(2),
                        () -> List.of(backend));
                backend) {
            backend.failWith(new IllegalStateException("a kernel that fails"));
            assertThrows(IllegalStateException.class, () -> classifier.classify(clip(), NOWHERE));
            backend.failWith(null);
            assertEquals(0, pool.inUse());
            backend.shut();
            CompletableFuture<ScenePrediction> running = classifier.classifyAsync(clip(), NOWHERE, CallOptions.none());
            while (backend.waiting() == 0) {
                Thread.onSpinWait();
            }
            CompletableFuture<ScenePrediction> waiting = classifier.classifyAsync(clip(), NOWHERE, CallOptions.none());
            while (classifier.runningCalls() < 2) {
                Thread.onSpinWait();
            }
            assertTrue(waiting.cancel(true));
            while (classifier.runningCalls() == 2) {
                Thread.onSpinWait();
            }
            assertTrue(running.cancel(true));
            backend.lift();
            assertTrue(classifier.classify(clip(), NOWHERE).probability() > 0);
            assertEquals(0, pool.inUse());
        }
    }

    @Test
    void batchesShareThemToo() throws Exception {
        ComputePool pool = ComputePool.of(1);
        try (SceneClassifier classifier = SceneClassifier.builder(SmallModel.quick(temporary))
                        .pool(pool)
                        .batching(2, Duration.ofMillis(1), 4)
                        .load();
                SceneEnsemble ensemble = SceneEnsemble.builder()
                        .add(SmallModel.quick(temporary))
                        .add(SmallModel.quick(temporary))
                        .pool(pool)
                        .load()) {
            CompletableFuture<EnsemblePrediction> other = ensemble.classifyAsync(clip(), NOWHERE, CallOptions.none());
            assertEquals(
                    classifier.classify(clip(), NOWHERE).ranking(),
                    other.get().members().get(0).ranking());
            assertEquals(0, pool.inUse());
        }
    }

    /** Without a pool, too: 64 callers compute on no more threads than the process has processors. */
    @Test
    void byDefaultNoMoreComputeThanThereAreProcessors() throws Exception {
        int processors = Runtime.getRuntime().availableProcessors();
        GatedBackend backend = new GatedBackend();
        backend.shut();
        ExecutorService callers = Executors.newFixedThreadPool(64);
        try (SceneClassifier classifier = new SceneClassifier(
                        SceneClassifier.builder(SmallModel.quick(temporary)).threads(1), () -> List.of(backend));
                backend) {
            assertEquals(processors, classifier.sessions());
            List<Future<ScenePrediction>> calls = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                calls.add(callers.submit(() -> classifier.classify(clip(), NOWHERE)));
            }
            while (backend.waiting() < processors || classifier.waitingCalls() < 64 - processors) {
                Thread.sleep(1);
            }
            assertEquals(processors, backend.waiting());
            backend.lift();
            for (Future<ScenePrediction> call : calls) {
                assertEquals(calls.get(0).get().ranking(), call.get().ranking());
            }
        } finally {
            callers.shutdown();
        }
        for (int threads = 1; threads <= processors; threads++) {
            try (SceneClassifier classifier = SceneClassifier.builder(SmallModel.quick(temporary))
                    .threads(threads)
                    .load()) {
                assertTrue(threads * classifier.sessions() <= processors, threads + " x " + classifier.sessions());
            }
        }
    }

    @Test
    void aCallCannotHaveMoreThreadsThanThereAre() throws Exception {
        SceneClassifier.Builder builder = SceneClassifier.builder(SmallModel.quick(temporary))
                .pool(ComputePool.of(2))
                .threads(3);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::load);
        assertTrue(e.getMessage().contains("at most the 2 of the pool"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> ComputePool.of(0));
    }
}
