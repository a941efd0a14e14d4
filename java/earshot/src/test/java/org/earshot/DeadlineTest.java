package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.DeadlineException;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls that end before their work does: by a deadline, an interrupt, a cancelled future, or a closed classifier. */
class DeadlineTest {
    private static final RecordingContext CONTEXT = RecordingContext.unknown();
    private static final Duration SOON = Duration.ofMillis(30);

    @TempDir
    Path temporary;

    private SceneEngine engine;
    private List<Float> expected;
    private final AtomicInteger windows = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        engine = engine(builder -> {});
        expected = answer(brief());
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private SceneEngine engine(Consumer<SceneClassifier.Builder> more) throws IOException {
        Path model = SmallModel.quick(temporary);
        SceneClassifier.Builder builder = SceneClassifier.builder(model).sessions(1);
        more.accept(builder);
        return new SceneEngine(
                List.of(ModelDirectory.read(model, null, KeyMap.identity())),
                builder,
                () -> List.of(new PortableBackend(1)));
    }

    /** A recording that is read as fast as it is asked for, and may go on for ever. */
    private final class Noise implements Recording {
        private final long length;
        private final CountDownLatch read = new CountDownLatch(1);
        private final AtomicInteger open = new AtomicInteger();

        Noise(long length) {
            this.length = length;
        }

        @Override
        public String name() {
            return "noise";
        }

        @Override
        public Recording.Samples open() {
            open.incrementAndGet();
            return new Recording.Samples() {
                private final float[] second = SmallModel.noise(1, 5);
                private long position;

                @Override
                public int read(float[] target, int offset, int samples) {
                    windows.incrementAndGet();
                    int count = (int) Math.min(Math.min(samples, second.length), length - position);
                    System.arraycopy(second, 0, target, offset, count);
                    position += count;
                    if (position > 3L * SmallModel.RATE) {
                        read.countDown();
                    }
                    return count == 0 ? -1 : count;
                }

                @Override
                public void close() {
                    open.decrementAndGet();
                }
            };
        }
    }

    private Noise endless() {
        return new Noise(Long.MAX_VALUE);
    }

    private Noise brief() {
        return new Noise(SmallModel.RATE / 2);
    }

    private List<Float> answer(Recording recording) {
        return engine.run(recording, CONTEXT, call(CallOptions.none())).get(0).prediction().ranking().stream()
                .map(ScenePrediction.ScoredScene::probability)
                .toList();
    }

    private static Call call(CallOptions options) {
        return new Call(options, "noise");
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(60, TimeUnit.SECONDS));
    }

    /** What is left behind is as good as before: the same session gives the same answer. */
    private void assertUsable(Noise... recordings) {
        for (Noise recording : recordings) {
            assertEquals(0, recording.open.get(), "closed");
        }
        assertEquals(expected, answer(brief()));
    }

    @Test
    void aCallThatRunsEndsWithItsDeadline() {
        Noise recording = endless();
        CallOptions options = CallOptions.none().withDeadline(SOON);
        DeadlineException e =
                assertThrows(DeadlineException.class, () -> engine.run(recording, CONTEXT, call(options)));
        assertTrue(e.getMessage().startsWith("noise: found no answer after PT0.03S"), e.getMessage());
        assertUsable(recording);
    }

    @Test
    void aDeadlineThatIsLateEnoughChangesNothing() {
        CallOptions options = CallOptions.none().withDeadline(Duration.ofDays(1000_000));
        assertEquals(
                expected,
                engine.run(brief(), CONTEXT, call(options)).get(0).prediction().ranking().stream()
                        .map(ScenePrediction.ScoredScene::probability)
                        .toList());
    }

    /** The caller's own thread stops computing, and stays interrupted. */
    @Test
    void anInterruptStopsACallThatRuns() throws Exception {
        Noise recording = endless();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            assertThrows(CancelledException.class, () -> engine.run(recording, CONTEXT, call(CallOptions.none())));
            interrupted.complete(Thread.currentThread().isInterrupted());
        });
        caller.start();
        await(recording.read);
        caller.interrupt();
        assertTrue(interrupted.get(60, TimeUnit.SECONDS));
        assertUsable(recording);
    }

    /** Keeps the only session busy while something is tried, and ends then. */
    private void whileBusy(ThrowingRunnable work) throws Exception {
        Noise recording = endless();
        CompletableFuture<?> running = engine.async(call(CallOptions.none()), c -> engine.run(recording, CONTEXT, c));
        await(recording.read);
        try {
            work.run();
        } finally {
            assertTrue(running.cancel(true));
        }
        assertThrows(CancellationException.class, running::join);
    }

    private interface ThrowingRunnable {
        void run() throws Exception;
    }

    /** A call that steps aside between windows would let the waiting one have its turn: the busy one is one window. */
    @Test
    void callsThatWaitLeaveTheQueue() throws Exception {
        SessionPool<Idle> pool = idle(1, Integer.MAX_VALUE, Duration.ofDays(1));
        SessionPool<Idle>.Turn busy = pool.enter(call(CallOptions.none()));
        assertThrows(
                DeadlineException.class,
                () -> pool.enter(call(CallOptions.none().withDeadline(SOON))));
        CompletableFuture<Throwable> interrupted = new CompletableFuture<>();
        Thread waiting = new Thread(() -> interrupted.complete(
                assertThrows(CancelledException.class, () -> pool.enter(call(CallOptions.none())))));
        waiting.start();
        while (waiting.getState() == Thread.State.RUNNABLE || waiting.getState() == Thread.State.NEW) {
            Thread.onSpinWait();
        }
        waiting.interrupt();
        interrupted.get(60, TimeUnit.SECONDS);
        // None of them is still in line: the next one gets the session at once.
        busy.close();
        pool.enter(call(CallOptions.none().withDeadline(Duration.ofSeconds(60))))
                .close();
        assertTrue(pool.close());
    }

    private static final class Idle implements SessionPool.Pooled {
        @Override
        public void close() {
            // Nothing to free.
        }
    }

    private static SessionPool<Idle> idle(int size, int maxWaiting, Duration longest) {
        return new SessionPool<>(size, maxWaiting, longest, List.of(Idle::new));
    }

    @Test
    void aCallWaitsNoLongerThanTheBuilderAllows() {
        SessionPool<Idle> pool = idle(2, Integer.MAX_VALUE, SOON);
        SessionPool<Idle>.Turn first = pool.enter(call(CallOptions.none()));
        SessionPool<Idle>.Turn second = pool.enter(call(CallOptions.none()));
        BusyException e = assertThrows(BusyException.class, () -> pool.enter(call(CallOptions.none())));
        assertTrue(e.getMessage().contains("2 of 2 sessions in use for PT0.03S"), e.getMessage());
        first.close();
        second.close();
        assertTrue(pool.close());
    }

    @Test
    void onlySoManyCallsWait() throws Exception {
        SessionPool<Idle> pool = idle(1, 2, Duration.ofDays(1));
        SessionPool<Idle>.Turn busy = pool.enter(call(CallOptions.none()));
        List<Thread> waiting = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Thread thread =
                    new Thread(() -> pool.enter(call(CallOptions.none())).close());
            waiting.add(thread);
            thread.start();
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
        }
        BusyException e = assertThrows(BusyException.class, () -> pool.enter(call(CallOptions.none())));
        assertTrue(e.getMessage().contains("2 calls that wait"), e.getMessage());
        busy.close();
        for (Thread thread : waiting) {
            thread.join();
        }
        assertTrue(pool.close());
    }

    @Test
    @Timeout(60)
    void aCancelledCallReallyStops() throws Exception {
        Noise recording = endless();
        CompletableFuture<?> answer = engine.async(call(CallOptions.none()), c -> engine.run(recording, CONTEXT, c));
        await(recording.read);
        assertTrue(answer.cancel(true));
        assertThrows(CancellationException.class, answer::join);
        while (recording.open.get() > 0) {
            Thread.onSpinWait(); // It would be open for ever.
        }
        int read = windows.get();
        assertUsable(recording);
        assertTrue(windows.get() - read < 10, "it reads no further");
    }

    @Test
    void callsInTheQueueAreCancelledAndExpireWithoutAThread() throws Exception {
        whileBusy(() -> {
            Noise never = endless();
            CompletableFuture<?> cancelled = engine.async(call(CallOptions.none()), c -> engine.run(never, CONTEXT, c));
            CompletableFuture<?> expires =
                    engine.async(call(CallOptions.none().withDeadline(SOON)), c -> engine.run(never, CONTEXT, c));
            assertTrue(cancelled.cancel(true));
            ExecutionException e = assertThrows(ExecutionException.class, () -> expires.get(60, TimeUnit.SECONDS));
            assertInstanceOf(DeadlineException.class, e.getCause());
            assertEquals(0, never.open.get());
        });
        assertUsable();
    }

    @Test
    void anAnswerComesAsItWouldToTheCallersThread() throws Exception {
        CompletableFuture<List<Float>> answer = engine.async(
                call(CallOptions.none()), c -> engine.run(brief(), CONTEXT, c).get(0).prediction().ranking().stream()
                        .map(ScenePrediction.ScoredScene::probability)
                        .toList());
        assertEquals(expected, answer.get(60, TimeUnit.SECONDS));
    }

    @Test
    void theQueueIsBounded() throws Exception {
        engine.close();
        engine = engine(builder -> builder.maxWaiting(1));
        whileBusy(() -> {
            Noise recording = brief();
            CompletableFuture<?> queued =
                    engine.async(call(CallOptions.none()), c -> engine.run(recording, CONTEXT, c));
            assertThrows(
                    BusyException.class,
                    () -> engine.async(call(CallOptions.none()), c -> engine.run(recording, CONTEXT, c)));
            assertFalse(queued.isDone());
        });
    }

    @Test
    void closeWithATimeStopsWhatRunsAndWakesWhoWaits() throws Exception {
        Noise recording = endless();
        CompletableFuture<?> running = engine.async(call(CallOptions.none()), c -> engine.run(recording, CONTEXT, c));
        CompletableFuture<?> queued = engine.async(call(CallOptions.none()), c -> engine.run(recording, CONTEXT, c));
        await(recording.read);
        assertFalse(engine.close(SOON));
        assertInstanceOf(
                CancelledException.class,
                assertThrows(ExecutionException.class, () -> running.get(60, TimeUnit.SECONDS))
                        .getCause());
        assertInstanceOf(
                IllegalStateException.class,
                assertThrows(ExecutionException.class, () -> queued.get(60, TimeUnit.SECONDS))
                        .getCause());
        assertEquals(0, recording.open.get());
        assertThrows(IllegalStateException.class, () -> engine.run(brief(), CONTEXT, call(CallOptions.none())));
        assertThrows(
                IllegalStateException.class,
                () -> engine.async(call(CallOptions.none()), c -> engine.run(brief(), CONTEXT, c)));
    }

    @Test
    void closeWithATimeIsContentWhenNothingRuns() {
        assertTrue(engine.close(Duration.ZERO));
        assertTrue(engine.close(Duration.ZERO), "and so it is again");
    }

    @Test
    void optionsMustMakeSense() {
        assertThrows(IllegalArgumentException.class, () -> CallOptions.none().withDeadline(Duration.ZERO));
        SceneClassifier.Builder builder = SceneClassifier.builder(temporary);
        assertThrows(IllegalArgumentException.class, () -> builder.waitAtMost(Duration.ofSeconds(-1)));
        assertThrows(IllegalArgumentException.class, () -> builder.maxWaiting(-1));
    }
}
