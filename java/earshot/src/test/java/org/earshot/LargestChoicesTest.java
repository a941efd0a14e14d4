package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.earshot.backend.choice.Backends;
import org.earshot.error.BackendException;
import org.earshot.error.BusyException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers and durations that stand for "no bound": they take nothing until they are needed, or are refused by name. */
@Timeout(120)
class LargestChoicesTest {
    private static final int MOST = Integer.MAX_VALUE;
    private static final Duration FOR_EVER = ChronoUnit.FOREVER.getDuration();
    private static final Duration SOON = Duration.ofMillis(1);
    private static final RecordingContext NOWHERE = RecordingContext.unknown();

    @TempDir
    Path temporary;

    private SceneClassifier.Builder builder() throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary))
                .backend("portable")
                .threads(1);
    }

    private static AudioClip clip() {
        return AudioClip.of(SmallModel.noise(0.3, 1), SmallModel.RATE);
    }

    private static void answers(SceneClassifier classifier) throws Exception {
        List<CompletableFuture<ScenePrediction>> calls = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            calls.add(classifier.classifyAsync(clip(), NOWHERE, CallOptions.none()));
        }
        for (CompletableFuture<ScenePrediction> call : calls) {
            assertTrue(call.get(60, TimeUnit.SECONDS).probability() > 0);
        }
    }

    @Test
    void anyNumberOfSessions() throws Exception {
        try (SceneClassifier classifier = builder().sessions(MOST).load()) {
            assertEquals(MOST, classifier.sessions());
            answers(classifier);
        }
    }

    @Test
    void aPoolWithoutABound() throws Exception {
        try (SceneClassifier classifier = builder().pool(ComputePool.of(MOST)).load()) {
            assertEquals(MOST, classifier.sessions());
            answers(classifier);
        }
    }

    /** No more threads than calls. */
    @Test
    void anyNumberOfBatches() throws Exception {
        long before = batchThreads();
        try (SceneClassifier classifier =
                builder().sessions(MOST).batching(MOST / 44_100, SOON, MOST).load()) {
            answers(classifier);
            assertTrue(batchThreads() <= before + 3);
        }
        assertEquals(before, batchThreads());
    }

    private static long batchThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith("earshot-batch"))
                .count();
    }

    @Test
    void aBatchHasAsManyWindowsAsAnArrayHasRoomFor() throws IOException {
        SceneClassifier.Builder builder = builder().batching(MOST, SOON, 64);
        assertEquals(
                "windows of a batch: 2147483647; expected at most 48695, as windows of this model have 44100 samples",
                assertThrows(IllegalArgumentException.class, builder::load).getMessage());
        try (SceneClassifier classifier = builder.batching(48_695, SOON, 64).load()) {
            assertEquals(48_695, classifier.footprint().windows());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"portable", "cpu", "auto"})
    void threadsAreNoMoreThanProcessors(String backend) throws IOException {
        SceneClassifier.Builder builder = builder().backend(backend).threads(MOST);
        assertEquals(
                "2147483647 threads; expected 1 to 8192",
                assertThrows(IllegalArgumentException.class, builder::load).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Backends.start(backend, 8193));
    }

    @Test
    void sessionsThatTheMemoryLimitHasNoRoomForAreCounted() throws IOException {
        SceneClassifier.Builder builder = builder().sessions(MOST).memoryLimit(1 << 30);
        String message = assertThrows(BackendException.class, builder::load).getMessage();
        assertTrue(message.contains("for each of 2147483647 sessions"), message);
    }

    @Test
    void anyTime() throws Exception {
        CallOptions options = CallOptions.none().withDeadline(FOR_EVER);
        try (SceneClassifier classifier =
                builder().waitAtMost(FOR_EVER).batching(1, FOR_EVER, MOST).load()) {
            assertTrue(classifier.classify(clip(), NOWHERE, options).probability() > 0);
            assertTrue(classifier.close(FOR_EVER));
        }
    }

    /** To wait for less than no time is to wait for none. */
    @Test
    void lessThanNoTime() throws IOException {
        SceneClassifier classifier = builder().load();
        assertTrue(classifier.close(Duration.ofSeconds(Long.MIN_VALUE)));
        assertEquals(ClassifierHealth.State.CLOSED, classifier.health().state());
    }

    /** Who gave up does not count among those that wait. */
    @Test
    void whoGaveUpLeavesRoomForOthers() {
        SessionPool<SessionPool.Pooled> pool = new SessionPool<>(1, 1, SOON, List.of(() -> () -> {}));
        Call call = new Call(CallOptions.none(), "a call");
        SessionPool<SessionPool.Pooled>.Turn only = pool.enter(call);
        for (int i = 0; i < 3; i++) {
            BusyException e = assertThrows(BusyException.class, () -> pool.enter(call));
            assertTrue(e.getMessage().contains("1 of 1 sessions in use for PT0.001S"), e.getMessage());
            assertEquals(0, pool.waiting());
        }
        only.close();
        pool.enter(call).close();
    }
}
