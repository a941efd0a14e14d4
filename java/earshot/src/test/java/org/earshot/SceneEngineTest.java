package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.earshot.audio.AudioLimits;
import org.earshot.backend.Backend;
import org.earshot.backend.GatedBackend;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.AudioException;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How calls share the sessions: what they hold, whom they let go first, and what is left when they fail. */
class SceneEngineTest {
    private static final RecordingContext CONTEXT = RecordingContext.unknown();
    private static final int WINDOW = SmallModel.RATE;

    @TempDir
    Path temporary;

    private SceneEngine engine(int sessions, int threads) throws IOException {
        return engine(sessions, new PortableBackend(threads));
    }

    private SceneEngine engine(int sessions, Backend backend) throws IOException {
        Path model = SmallModel.quick(temporary);
        return new SceneEngine(
                List.of(ModelDirectory.read(model, null, KeyMap.identity())),
                SceneClassifier.builder(model).sessions(sessions),
                () -> List.of(backend));
    }

    /** A recording of noise whose reading a test watches. */
    private abstract static class Watched implements Recording {
        private final float[] pcm;

        Watched(double seconds) {
            pcm = SmallModel.noise(seconds, 1);
        }

        /** Before samples are read. */
        abstract void reading(int position);

        void opened() {}

        void closed() {}

        @Override
        public String name() {
            return "watched";
        }

        @Override
        public Recording.Samples open() {
            opened();
            return new Recording.Samples() {
                private int position;

                @Override
                public int read(float[] target, int offset, int length) {
                    reading(position);
                    int count = Math.min(length, pcm.length - position);
                    System.arraycopy(pcm, position, target, offset, count);
                    position += count;
                    return count == 0 ? -1 : count;
                }

                @Override
                public void close() {
                    closed();
                }
            };
        }
    }

    private static Recording plain(double seconds) {
        return new Watched(seconds) {
            @Override
            void reading(int position) {
                // Nothing to see.
            }
        };
    }

    private static void awaitWaiting(Thread thread) {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Call call() {
        return new Call(CallOptions.none(), "watched");
    }

    private static List<Float> answer(SceneEngine engine, Recording recording) {
        return engine.run(recording, CONTEXT, call()).get(0).prediction().ranking().stream()
                .map(ScenePrediction.ScoredScene::probability)
                .toList();
    }

    @Test
    void callsThatWaitHoldNothingOpen() throws Exception {
        AtomicInteger open = new AtomicInteger();
        AtomicInteger mostOpen = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch firstReads = new CountDownLatch(1);
        int callers = 40;
        List<Thread> threads = new ArrayList<>();
        AtomicInteger answers = new AtomicInteger();
        try (SceneEngine engine = engine(1, 1)) {
            for (int i = 0; i < callers; i++) {
                Thread caller = new Thread(() -> {
                    engine.run(
                            new Watched(0.1) {
                                @Override
                                void opened() {
                                    mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
                                }

                                @Override
                                void reading(int position) {
                                    firstReads.countDown();
                                    waitFor(go);
                                }

                                @Override
                                void closed() {
                                    open.decrementAndGet();
                                }
                            },
                            CONTEXT,
                            call());
                    answers.incrementAndGet();
                });
                threads.add(caller);
                caller.start();
            }
            waitFor(firstReads);
            assertEquals(1, open.get());
            go.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertEquals(callers, answers.get());
        assertEquals(1, mostOpen.get());
        assertEquals(0, open.get());
    }

    @Test
    void aShortRecordingGoesBetweenTheWindowsOfALongOne() throws Exception {
        try (SceneEngine engine = engine(1, 1)) {
            List<Float> alone = answer(engine, plain(6));
            List<Float> shortAlone = answer(engine, plain(0.5));
            CompletableFuture<List<Float>> shortAnswer = new CompletableFuture<>();
            AtomicBoolean between = new AtomicBoolean();
            Thread shortCall = new Thread(() -> shortAnswer.complete(answer(engine, plain(0.5))));
            Recording longRecording = new Watched(6) {
                private boolean begun;

                @Override
                void reading(int position) {
                    if (position > 3 * WINDOW && !begun) {
                        begun = true;
                        shortCall.start();
                        awaitWaiting(shortCall);
                    } else if (position > 4 * WINDOW) {
                        between.compareAndSet(false, shortAnswer.isDone());
                    }
                }
            };
            assertEquals(alone, answer(engine, longRecording), "stepping aside changes no answer");
            assertTrue(between.get(), "the short call ended while the long one still read");
            assertEquals(shortAlone, shortAnswer.get());
        }
    }

    @Test
    void longRecordingsInTurnsGetTheirOwnAnswers() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(8);
        try (SceneEngine engine = engine(2, 1)) {
            List<List<Float>> alone = new ArrayList<>();
            for (int i = 1; i <= 4; i++) {
                alone.add(answer(engine, plain(i)));
            }
            List<Future<List<Float>>> calls = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                int seconds = 1 + i % 4;
                calls.add(callers.submit(() -> answer(engine, plain(seconds))));
            }
            for (int i = 0; i < calls.size(); i++) {
                assertEquals(alone.get(i % 4), calls.get(i).get(60, TimeUnit.SECONDS));
            }
        } finally {
            callers.shutdownNow();
        }
    }

    static List<Throwable> failures() {
        return List.of(
                new OutOfMemoryError("no heap"),
                new StackOverflowError(),
                new InternalError("a fault"),
                new IllegalStateException("a bug"),
                new IOException("what only other languages throw here"),
                new AudioException(AudioException.Reason.DAMAGED, "recording", "damage", "none"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aCallThatFailsGivesItsPlaceBackAndItsThreadsEnd(Throwable failure) throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        AtomicInteger open = new AtomicInteger();
        SceneEngine engine = engine(1, 3);
        List<Float> expected = answer(engine, plain(0.5));
        for (int i = 0; i < 3; i++) {
            Recording failing = new Watched(2) {
                @Override
                void opened() {
                    open.incrementAndGet();
                }

                @Override
                void reading(int position) {
                    if (position > WINDOW) {
                        throw Thrown.again(failure);
                    }
                }

                @Override
                void closed() {
                    open.decrementAndGet();
                }
            };
            assertSame(failure, assertThrows(failure.getClass(), () -> engine.run(failing, CONTEXT, call())));
            assertEquals(0, open.get());
            assertEquals(expected, answer(engine, plain(0.5)));
        }
        CompletableFuture.runAsync(engine::close).get(60, TimeUnit.SECONDS);
        assertEquals(Set.of(), ours(before));
    }

    /** Sessions are costly: a recording that fails, wherever it does so, leaves them as good as before. */
    @ParameterizedTest
    @MethodSource("failures")
    void onlyANetworkThatFailsCostsASession(Throwable failure) throws IOException {
        GatedBackend backend = new GatedBackend();
        try (SceneEngine engine = engine(1, backend)) {
            answer(engine, plain(0.5));
            int opened = backend.opened();
            for (String where : List.of("opening", "first window", "second window", "closing")) {
                Recording failing = new Watched(2) {
                    @Override
                    void opened() {
                        failAt("opening");
                    }

                    @Override
                    void reading(int position) {
                        failAt(position < WINDOW ? "first window" : "second window");
                    }

                    @Override
                    void closed() {
                        failAt("closing");
                    }

                    private void failAt(String place) {
                        if (place.equals(where)) {
                            throw Thrown.again(failure);
                        }
                    }
                };
                assertSame(
                        failure, assertThrows(failure.getClass(), () -> engine.run(failing, CONTEXT, call()), where));
                answer(engine, plain(0.5));
                assertEquals(opened, backend.opened(), where);
            }
            IllegalStateException fault = new IllegalStateException("half-done");
            backend.failWith(fault);
            assertSame(fault, assertThrows(IllegalStateException.class, () -> answer(engine, plain(0.5))));
            backend.failWith(null);
            answer(engine, plain(0.5));
            assertTrue(backend.opened() > opened, "a new session");
        }
    }

    /** Threads of this library that were not there before. */
    private static Set<String> ours(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && !before.contains(thread))
                .map(Thread::getName)
                .filter(name -> name.startsWith("earshot"))
                .collect(Collectors.toSet());
    }

    /** As many calls as there are carriers spin until another virtual thread tells them to go on. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void callsOfVirtualThreadsLeaveTheCarriersToOthers() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        int calls = 2 * Runtime.getRuntime().availableProcessors();
        ExecutorService virtual = (ExecutorService)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        AtomicInteger spinning = new AtomicInteger();
        AtomicBoolean go = new AtomicBoolean();
        try (SceneEngine engine = engine(calls, 1)) {
            List<Float> expected = answer(engine, plain(0.2));
            List<Future<List<Float>>> answers = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                Recording recording = new Watched(0.2) {
                    private boolean counted;

                    @Override
                    void reading(int position) {
                        if (!counted) {
                            counted = true;
                            spinning.incrementAndGet();
                        }
                        // As a long native call would: without ever leaving its thread.
                        while (!go.get()) {
                            Thread.onSpinWait();
                        }
                    }
                };
                answers.add(virtual.submit(() -> answer(engine, recording)));
            }
            Future<?> other = virtual.submit(() -> {
                while (spinning.get() < calls) {
                    Thread.onSpinWait();
                }
                go.set(true);
            });
            try {
                other.get(60, TimeUnit.SECONDS);
            } finally {
                go.set(true);
            }
            for (Future<List<Float>> answer : answers) {
                assertEquals(expected, answer.get(60, TimeUnit.SECONDS));
            }
            assertFalse(ours(before).isEmpty(), "threads of ours computed");
            StackOverflowError failure = new StackOverflowError();
            Recording failing = new Watched(0.2) {
                @Override
                void reading(int position) {
                    throw failure;
                }
            };
            Future<?> failed = virtual.submit(() -> engine.run(failing, CONTEXT, call()));
            assertSame(
                    failure, assertThrows(ExecutionException.class, failed::get).getCause());
        } finally {
            virtual.shutdownNow();
        }
        assertEquals(Set.of(), ours(before));
    }

    /** A recording is decoded at once, whatever its length: its bytes are asked for on the thread that decodes. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void recordingsOfVirtualThreadsAreReadOnThreadsOfOurs(@TempDir Path folder) throws Exception {
        Path wav = folder.resolve("x.wav");
        WavFiles.writeMono16(wav, new float[800], 8000);
        AtomicReference<String> reader = new AtomicReference<>();
        InputStream in = new ByteArrayInputStream(Files.readAllBytes(wav)) {
            @Override
            public synchronized int read(byte[] bytes, int offset, int length) {
                reader.set(Thread.currentThread().getName());
                return super.read(bytes, offset, length);
            }
        };
        ExecutorService virtual = (ExecutorService)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        try {
            AudioClip clip = virtual.submit(() -> AudioClip.read(in, "x.wav", AudioLimits.defaults()))
                    .get(60, TimeUnit.SECONDS);
            assertEquals(800, clip.samples());
        } finally {
            virtual.shutdownNow();
        }
        assertEquals("earshot-call-1", reader.get());
    }
}
