package org.earshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.earshot.backend.GatedBackend;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.ContextException;
import org.earshot.error.DeadlineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls whose windows are computed together: each gets its own answer, and none has to answer for another. */
@Timeout(120)
class BatchingTest {
    private static final Duration FOR_EVER = Duration.ofDays(1);
    private static final Duration SOON = Duration.ofMillis(50);
    private static final RecordingContext NOWHERE = RecordingContext.unknown();

    @TempDir
    Path temporary;

    private final Queue<ClassifierEvent> events = new ConcurrentLinkedQueue<>();

    private SceneClassifier.Builder builder() throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary)).sessions(1).listener(new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                events.add(event);
            }
        });
    }

    private SceneClassifier gated(GatedBackend backend, UnaryOperator<SceneClassifier.Builder> more)
            throws IOException {
        return new SceneClassifier(more.apply(builder()), () -> List.of(backend));
    }

    private static AudioClip clip(double seconds, int seed) {
        return AudioClip.of(SmallModel.noise(seconds, seed), SmallModel.RATE);
    }

    private static AudioClip clip(int seed) {
        return clip(0.3, seed);
    }

    private static RecordingContext context(int seed) {
        return seed % 3 == 0
                ? NOWHERE
                : RecordingContext.of(seed % 2 == 0 ? "Xi'an" : "Beijing", LocalDateTime.of(2023, 6, 18, seed % 24, 0));
    }

    private static void awaitUntil(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(1);
        }
    }

    /** To the last bit, whatever stands beside it in the batch: other cities, other lengths, several windows. */
    @ParameterizedTest
    @ValueSource(strings = {"portable", "cpu"})
    void answersAreThoseOfCallsAlone(String backend) throws Exception {
        // Of 1, 2 and 3 windows, and such as have as many frames of another number of samples.
        double[] seconds = {0.3, 0.3001, 0.3002, 1, 2, 2.6};
        List<AudioClip> clips = IntStream.range(0, 24)
                .mapToObj(i -> clip(seconds[i % seconds.length], i))
                .toList();
        ExecutorService callers = Executors.newFixedThreadPool(clips.size());
        try (SceneClassifier alone = builder().backend(backend).load();
                SceneClassifier batched = builder()
                        .backend(backend)
                        .batching(5, Duration.ofMillis(20), 100)
                        .load()) {
            List<ScenePrediction> expected = new ArrayList<>();
            for (int i = 0; i < clips.size(); i++) {
                expected.add(alone.classify(clips.get(i), context(i)));
            }
            events.clear();
            List<Future<ScenePrediction>> answers = new ArrayList<>();
            for (int i = 0; i < clips.size(); i++) {
                int index = i;
                answers.add(callers.submit(() -> batched.classify(clips.get(index), context(index))));
            }
            for (int i = 0; i < clips.size(); i++) {
                assertSameBits(expected.get(i), answers.get(i).get());
            }
            assertTrue(events.stream().anyMatch(event -> event.batchSize() > 1), events::toString);
            assertTrue(events.stream().allMatch(event -> event.batchSize() <= 5), events::toString);
        } finally {
            callers.shutdown();
        }
    }

    private static void assertSameBits(ScenePrediction expected, ScenePrediction actual) {
        assertEquals(expected.ranking(), actual.ranking());
        assertEquals(
                expected.windows().stream().map(ScenePrediction.Window::ranking).toList(),
                actual.windows().stream().map(ScenePrediction.Window::ranking).toList());
    }

    @Test
    void ensemblesAndEmbeddingsAreBatchedToo() throws Exception {
        Path model = SmallModel.quick(temporary);
        SceneEnsemble.Builder builder = SceneEnsemble.builder()
                .add(model, 2)
                .add(SmallModel.quick(temporary), 1)
                .sessions(1);
        try (SceneEnsemble alone = builder.load();
                SceneEnsemble batched = builder.batching(2, FOR_EVER, 0).load()) {
            List<float[]> expected = alone.embed(clip(1), context(1));
            CompletableFuture<EnsemblePrediction> other =
                    batched.classifyAsync(clip(2), context(2), CallOptions.none());
            List<float[]> embeddings = batched.embed(clip(1), context(1));
            assertEquals(2, embeddings.size());
            assertArrayEquals(expected.get(0), embeddings.get(0));
            assertArrayEquals(expected.get(1), embeddings.get(1));
            EnsemblePrediction answer = other.get();
            assertSameBits(alone.classify(clip(2), context(2)).fused(), answer.fused());
        }
    }

    /** Without end, if a full batch did not begin at once. */
    @Test
    void aFullBatchDoesNotWait() throws Exception {
        try (SceneClassifier classifier = builder().batching(2, FOR_EVER, 0).load()) {
            CompletableFuture<ScenePrediction> one = classifier.classifyAsync(clip(1), NOWHERE, CallOptions.none());
            // Features and samples meet in one batch, too.
            float[] features = new float[50 * 128];
            Arrays.fill(features, -30);
            int frames =
                    1 + clip(1).pcm().length / classifier.config().features().hopLength();
            classifier.classifyFeatures(features, frames, NOWHERE);
            assertTrue(one.get(60, TimeUnit.SECONDS).probability() > 0);
            assertEquals(
                    List.of(2, 2),
                    events.stream().map(ClassifierEvent::batchSize).toList());
        }
    }

    @Test
    void aloneNobodyWaitsLongerThanTheDelay() throws IOException {
        Duration delay = Duration.ofMillis(500);
        try (SceneClassifier classifier =
                builder().batching(8, delay, 8).warmUp(true).load()) {
            classifier.classify(clip(1), NOWHERE);
            ClassifierEvent event = events.remove();
            assertEquals(1, event.batchSize());
            assertTrue(event.queuedNanos() >= delay.toNanos(), event::toString);
            // A second delay would be as long again; what the scheduler adds is less.
            assertTrue(event.queuedNanos() < 2 * delay.toNanos(), event::toString);
        }
    }

    /** A call that would be late if it waited for others does not. */
    @Test
    void aDeadlineIsNotSpentOnWaitingForOthers() throws IOException {
        try (SceneClassifier classifier =
                builder().batching(8, FOR_EVER, 8).warmUp(true).load()) {
            CallOptions hurry = CallOptions.none().withDeadline(Duration.ofSeconds(100));
            assertTrue(classifier.classify(clip(1), NOWHERE, hurry).probability() > 0);
        }
    }

    @Test
    void aFullQueueIsBusy() throws Exception {
        GatedBackend backend = new GatedBackend();
        try (SceneClassifier classifier = gated(backend, builder -> builder.batching(2, Duration.ZERO, 3));
                backend) {
            List<CompletableFuture<ScenePrediction>> running = new ArrayList<>();
            backend.shut();
            ExecutorService callers = Executors.newFixedThreadPool(5);
            for (int i = 0; i < 5; i++) {
                running.add(CompletableFuture.supplyAsync(() -> classifier.classify(clip(1), NOWHERE), callers));
            }
            awaitUntil(() -> classifier.runningCalls() + classifier.waitingCalls() == 5);
            BusyException busy = assertThrows(BusyException.class, () -> classifier.classify(clip(1), NOWHERE));
            assertTrue(busy.getMessage().contains("in use"), busy.getMessage());
            backend.lift();
            for (CompletableFuture<ScenePrediction> call : running) {
                assertTrue(call.get().probability() > 0);
            }
            callers.shutdown();
            assertEquals(
                    1,
                    events.stream()
                            .filter(event -> event.outcome() == ClassifierEvent.Outcome.BUSY)
                            .count());
        }
    }

    /** Who gives up leaves the batch; the others have their answer. */
    @Test
    void callsThatGiveUpHoldNobodyUp() throws Exception {
        GatedBackend backend = new GatedBackend();
        try (SceneClassifier classifier = gated(backend, builder -> builder.batching(3, Duration.ofMillis(1), 9));
                backend) {
            ScenePrediction expected = classifier.classify(clip(3), NOWHERE);
            backend.shut();
            CompletableFuture<ScenePrediction> blocking =
                    classifier.classifyAsync(clip(9), NOWHERE, CallOptions.none());
            awaitUntil(() -> backend.waiting() == 1);
            // These three wait for the next batch.
            CompletableFuture<ScenePrediction> cancelled =
                    classifier.classifyAsync(clip(2), NOWHERE, CallOptions.none());
            CompletableFuture<ScenePrediction> patient = classifier.classifyAsync(clip(3), NOWHERE, CallOptions.none());
            awaitUntil(() -> classifier.runningCalls() == 3);
            CompletableFuture<ScenePrediction> late = classifier.classifyAsync(
                    clip(1), NOWHERE, CallOptions.none().withDeadline(SOON));
            assertInstanceOf(
                    DeadlineException.class,
                    assertThrows(ExecutionException.class, late::get).getCause());
            assertTrue(cancelled.cancel(true));
            awaitUntil(() -> classifier.runningCalls() == 2);
            backend.lift();
            assertTrue(blocking.get().probability() > 0);
            assertSameBits(expected, patient.get());
        }
    }

    /** Nobody computes for nobody: the batch ends at its next step, and its session is as good as before. */
    @Test
    void aBatchThatNobodyWaitsForStops() throws Exception {
        GatedBackend backend = new GatedBackend();
        try (SceneClassifier classifier = gated(backend, builder -> builder.batching(2, Duration.ZERO, 9));
                backend) {
            ScenePrediction expected = classifier.classify(clip(3), NOWHERE);
            int whole = backend.steps();
            backend.shut();
            CompletableFuture<ScenePrediction> call = classifier.classifyAsync(clip(3), NOWHERE, CallOptions.none());
            awaitUntil(() -> backend.waiting() == 1);
            assertTrue(call.cancel(true));
            awaitUntil(() -> classifier.runningCalls() == 0);
            backend.lift();
            assertSameBits(expected, classifier.classify(clip(3), NOWHERE));
            assertTrue(backend.steps() < 3 * whole, backend.steps() + " steps, of which a call has " + whole);
        }
    }

    /** Nobody else will come: who waits for a batch need not wait for its delay. */
    @Test
    void closeBeginsTheBatchThatWaits() throws Exception {
        SceneClassifier classifier = builder().batching(2, FOR_EVER, 2).load();
        CompletableFuture<ScenePrediction> lonely = classifier.classifyAsync(clip(1), NOWHERE, CallOptions.none());
        awaitUntil(() -> classifier.runningCalls() == 1);
        classifier.close();
        assertTrue(lonely.get().probability() > 0);
        assertThrows(IllegalStateException.class, () -> classifier.classify(clip(1), NOWHERE));
    }

    @Test
    void closeWithATimeStopsTheBatchThatRunsAndTheOneThatWaits() throws Exception {
        GatedBackend backend = new GatedBackend();
        SceneClassifier classifier = gated(backend, builder -> builder.batching(1, Duration.ZERO, 2));
        backend.shut();
        List<CompletableFuture<ScenePrediction>> calls = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            calls.add(classifier.classifyAsync(clip(1), NOWHERE, CallOptions.none()));
        }
        awaitUntil(() -> backend.waiting() == 1 && classifier.runningCalls() == 2);
        CompletableFuture<Boolean> inTime = CompletableFuture.supplyAsync(() -> classifier.close(SOON));
        for (CompletableFuture<ScenePrediction> call : calls) {
            assertInstanceOf(
                    CancelledException.class,
                    assertThrows(ExecutionException.class, call::get).getCause());
        }
        backend.lift();
        assertFalse(inTime.get());
    }

    /** All of a batch learn what went wrong, and the next ones are computed on a new session. */
    @Test
    void aFailureIsEverybodysAndPasses() throws Exception {
        GatedBackend backend = new GatedBackend();
        try (SceneClassifier classifier = gated(backend, builder -> builder.batching(2, FOR_EVER, 2))) {
            IllegalStateException failure = new IllegalStateException("a kernel that fails");
            backend.failWith(failure);
            CompletableFuture<ScenePrediction> other = classifier.classifyAsync(clip(1), NOWHERE, CallOptions.none());
            assertSame(failure, assertThrows(IllegalStateException.class, () -> classifier.classify(clip(2), NOWHERE)));
            assertSame(
                    failure, assertThrows(ExecutionException.class, other::get).getCause());
            backend.failWith(null);
            int opened = backend.opened();
            CompletableFuture<ScenePrediction> again = classifier.classifyAsync(clip(1), NOWHERE, CallOptions.none());
            assertTrue(classifier.classify(clip(2), NOWHERE).probability() > 0);
            assertTrue(again.get().probability() > 0);
            assertNotEquals(opened, backend.opened());
        }
    }

    /** What is wrong with one recording is found before it reaches the others. */
    @Test
    void aRecordingThatIsWrongFailsAlone() throws Exception {
        try (SceneClassifier classifier = builder().batching(2, FOR_EVER, 2).load()) {
            CompletableFuture<ScenePrediction> good = classifier.classifyAsync(clip(1), NOWHERE, CallOptions.none());
            assertThrows(AudioException.class, () -> classifier.classify(clip(0, 2), NOWHERE));
            assertThrows(
                    ContextException.class,
                    () -> classifier.classify(clip(2), RecordingContext.ofCondition(new float[] {1})));
            assertFalse(good.isDone());
            assertTrue(classifier.classify(clip(2), NOWHERE).probability() > 0);
            assertTrue(good.get().probability() > 0);
        }
    }

    @Test
    void manyRecordingsAreOneCall() throws IOException {
        double[] seconds = {0.3, 2.6, 1, 0.3001, 0.2, 4, 0.3};
        List<AudioClip> clips = new ArrayList<>();
        List<RecordingContext> contexts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clips.add(clip(seconds[i % seconds.length], i));
            contexts.add(context(i));
        }
        try (SceneClassifier classifier = builder().load();
                SceneClassifier batched =
                        builder().batching(3, Duration.ofMillis(1), 3).load()) {
            List<ScenePrediction> answers = classifier.classifyAll(clips, contexts);
            ClassifierEvent event = events.remove();
            assertTrue(event.batchSize() > 1 && event.batchSize() <= 8, event::toString);
            assertEquals(
                    answers.stream().mapToInt(answer -> answer.windows().size()).sum(), event.windows());
            List<ScenePrediction> again = batched.classifyAll(clips, contexts);
            for (int i = 0; i < clips.size(); i++) {
                ScenePrediction expected = classifier.classify(clips.get(i), contexts.get(i));
                assertSameBits(expected, answers.get(i));
                assertSameBits(expected, again.get(i));
            }
            assertEquals(List.of(), classifier.classifyAll(List.of(), List.of()));
            assertThrows(IllegalArgumentException.class, () -> classifier.classifyAll(clips, List.of()));
            clips.set(7, clip(0, 1));
            assertThrows(AudioException.class, () -> classifier.classifyAll(clips, contexts));
        }
    }

    @Test
    void choicesMustMakeSense() {
        SceneClassifier.Builder builder = SceneClassifier.builder(temporary);
        assertThrows(IllegalArgumentException.class, () -> builder.batching(0, SOON, 1));
        assertThrows(IllegalArgumentException.class, () -> builder.batching(1, Duration.ofMillis(-1), 1));
        assertThrows(IllegalArgumentException.class, () -> builder.batching(1, SOON, -1));
    }
}
