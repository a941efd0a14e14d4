package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.earshot.audio.AudioDecoder;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioFormat;
import org.earshot.audio.AudioInput;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.error.ClosedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What callers hand in and is called here: listeners, suppliers, what follows on a future. Whatever it throws is told,
 * and it may close what calls it.
 */
@Timeout(120)
class CallersCodeTest {
    private static final RecordingContext NOWHERE = RecordingContext.unknown();
    private static final AudioClip CLIP = AudioClip.of(SmallModel.noise(0.5, 1), SmallModel.RATE);

    @TempDir
    Path temporary;

    private SceneClassifier.Builder builder() throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary))
                .backend("portable")
                .threads(1)
                .sessions(1);
    }

    /** What Java's compiler lets through, and what other languages throw where it would not. */
    static List<Throwable> thrown() {
        return List.of(
                new UnsupportedOperationException("not today"),
                new AssertionError("not today"),
                new IOException("not today"),
                new InterruptedException("not today"));
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static CompletableFuture<ScenePrediction> begin(SceneClassifier classifier) {
        return classifier.classifyAsync(CLIP, NOWHERE, CallOptions.none());
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void whatOpensARecordingMayThrowAnything(Throwable thrown) throws Exception {
        try (SceneClassifier classifier = builder().load()) {
            CompletableFuture<?> call = classifier.analyseAsync(
                    () -> {
                        throw Thrown.again(thrown);
                    },
                    "upload",
                    NOWHERE,
                    CallOptions.none());
            assertSame(
                    thrown,
                    assertThrows(ExecutionException.class, () -> soon(call)).getCause());
            assertTrue(soon(begin(classifier)).probability() > 0);
        }
    }

    private static final class Forgetful extends SilentRecording {
        @Override
        public List<AudioLoss> losses() {
            return null;
        }
    }

    /** A decoder that gives nothing for what it says it reads. */
    private static final AudioDecoder NOTHING = new AudioDecoder() {
        @Override
        public Set<AudioFormat> formats() {
            return Set.of(AudioFormat.FLAC);
        }

        @Override
        public AudioStream open(AudioInput input) {
            return null;
        }
    };

    private static final byte[] FLAC = "fLaC and so on".getBytes(StandardCharsets.US_ASCII);

    static List<Arguments> forgotten() {
        return List.of(
                Arguments.of(
                        (Supplier<AudioStream>) () -> null, "upload: what opens the recording gave null; expected "),
                Arguments.of(
                        (Supplier<AudioStream>) () -> AudioFiles.open(FLAC, "upload", AudioLimits.defaults(), NOTHING),
                        "upload: " + NOTHING.getClass().getName() + ".open() gave null; expected "),
                Arguments.of(
                        (Supplier<AudioStream>) Forgetful::new,
                        Forgetful.class.getName() + ".losses() gave null; expected "));
    }

    @ParameterizedTest
    @MethodSource("forgotten")
    void whatGivesNothingIsNamed(Supplier<AudioStream> recording, String said) throws Exception {
        try (SceneClassifier classifier = builder().load()) {
            CompletableFuture<?> call = classifier.analyseAsync(recording, "upload", NOWHERE, CallOptions.none());
            Throwable refusal =
                    assertThrows(ExecutionException.class, () -> soon(call)).getCause();
            assertInstanceOf(IllegalStateException.class, refusal);
            assertTrue(refusal.getMessage().startsWith(said), refusal.getMessage());
            assertTrue(soon(begin(classifier)).probability() > 0);
        }
    }

    /** It would wait for its own end. */
    @Test
    void whatReadsARecordingCannotCloseTheClassifier() throws Exception {
        try (SceneClassifier classifier = builder().sessions(2).load()) {
            for (Runnable closing : List.<Runnable>of(classifier::close, () -> classifier.close(Duration.ZERO))) {
                CompletableFuture<?> opens = classifier.analyseAsync(
                        () -> {
                            classifier.classify(CLIP, NOWHERE); // A turn of its own within this one.
                            closing.run();
                            return new SilentRecording();
                        },
                        "upload",
                        NOWHERE,
                        CallOptions.none());
                CompletableFuture<?> ends = classifier.analyseAsync(
                        () -> new SilentRecording() {
                            @Override
                            public void close() {
                                closing.run();
                            }
                        },
                        "upload",
                        NOWHERE,
                        CallOptions.none());
                for (CompletableFuture<?> call : List.of(opens, ends)) {
                    Throwable refusal = assertThrows(ExecutionException.class, () -> soon(call))
                            .getCause();
                    assertEquals(IllegalStateException.class, refusal.getClass());
                    assertTrue(refusal.getMessage().contains("would wait"), refusal.getMessage());
                }
            }
            assertTrue(soon(begin(classifier)).probability() > 0, "as if nothing had been");
        }
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void workOnAnotherThreadMayThrowAnything(Throwable thrown) {
        try (CallThreads threads = new CallThreads()) {
            CallThreads.Task<String> task = threads.task(
                    () -> {
                        throw Thrown.again(thrown);
                    },
                    () -> {});
            threads.execute(task);
            assertSame(thrown, assertThrows(Throwable.class, task::await));
        }
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void aCallOfAHolderMayThrowAnything(Throwable thrown) throws IOException {
        SceneClassifierHolder holder = SceneClassifierHolder.load(builder());
        assertSame(
                thrown,
                assertThrows(
                        Throwable.class,
                        () -> holder.useAsync(classifier -> {
                            throw Thrown.again(thrown);
                        })));
        // Waits for all calls that have begun.
        holder.close();
    }

    @Test
    void aCallOfAHolderThatGivesNoFutureIsNamed() throws IOException {
        SceneClassifierHolder holder = SceneClassifierHolder.load(builder());
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> holder.useAsync(classifier -> null));
        assertEquals("the call of useAsync gave null; expected the future of what it began", e.getMessage());
        holder.close();
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void aListenerThatRefusesWhatWasLoadedLeavesNothingOpen(Throwable thrown) throws IOException {
        AtomicReference<Classifier<?, ?>> loaded = new AtomicReference<>();
        SceneClassifier.Builder builder = builder().listener(new ClassifierListener() {
            @Override
            public void loaded(Classifier<?, ?> classifier) {
                loaded.set(classifier);
                throw Thrown.again(thrown);
            }
        });
        assertSame(thrown, assertThrows(Throwable.class, builder::load));
        assertEquals(ClassifierHealth.State.CLOSED, loaded.get().health().state());
    }

    @Test
    void anExceptionOfWhoIsToldOfACallsEndChangesNothing() throws IOException {
        ClassifierListener listener = new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                throw Thrown.again(new IOException("not today"));
            }
        };
        try (SceneClassifier classifier = builder().listener(listener).load()) {
            assertTrue(classifier.classify(CLIP, NOWHERE).probability() > 0);
        }
    }

    @Test
    void whatFollowsOnACallMayCloseTheClassifier() throws Exception {
        SceneClassifier classifier = builder().load();
        soon(begin(classifier).thenRun(classifier::close));
        assertEquals(ClassifierHealth.State.CLOSED, classifier.health().state());
        assertThrows(ClosedException.class, () -> begin(classifier));
    }

    @Test
    void whatFollowsOnACallMayCloseTheClassifierWhileOthersWait() throws Exception {
        SceneClassifier classifier = builder().load();
        CompletableFuture<Boolean> closing =
                begin(classifier).thenApply(answer -> classifier.close(Duration.ofDays(1)));
        List<CompletableFuture<ScenePrediction>> others = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            try {
                others.add(begin(classifier));
            } catch (ClosedException e) {
                break;
            }
        }
        assertTrue(soon(closing));
        for (CompletableFuture<ScenePrediction> other : others) {
            Throwable refusal =
                    assertThrows(ExecutionException.class, () -> soon(other)).getCause();
            assertInstanceOf(ClosedException.class, refusal);
        }
    }

    @Test
    void aListenerMayCloseTheClassifier() throws Exception {
        for (boolean async : List.of(false, true)) {
            AtomicReference<Classifier<?, ?>> itself = new AtomicReference<>();
            SceneClassifier classifier = builder()
                    .listener(new ClassifierListener() {
                        @Override
                        public void loaded(Classifier<?, ?> loaded) {
                            itself.set(loaded);
                        }

                        @Override
                        public void callEnded(ClassifierEvent event) {
                            itself.get().close();
                        }
                    })
                    .load();
            ScenePrediction answer = async ? soon(begin(classifier)) : classifier.classify(CLIP, NOWHERE);
            assertTrue(answer.probability() > 0);
            assertEquals(ClassifierHealth.State.CLOSED, classifier.health().state());
        }
    }

    /** The listener of a stream that drops is called by a thread of the classifier's own. */
    @Test
    void aListenerOfAStreamMayCloseTheClassifier() throws Exception {
        SceneClassifier classifier = builder().load();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        SceneStream stream = classifier.stream(NOWHERE, SmallModel.RATE)
                .dropWhenBusy()
                .open(window -> {
                    classifier.close();
                    closed.complete(null);
                });
        stream.push(SmallModel.noise(1.1, 1), 0, (int) (1.1 * SmallModel.RATE));
        soon(closed);
        assertThrows(ClosedException.class, stream::flush);
    }
}
