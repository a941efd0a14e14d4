package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.earshot.error.ClosedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A holder that is closed from where its close would wait for the caller's own end. */
@Timeout(120)
class HolderClosingTest {
    private static final RecordingContext NOWHERE = RecordingContext.unknown();
    private static final AudioClip CLIP = AudioClip.of(SmallModel.noise(0.3, 1), SmallModel.RATE);

    @TempDir
    Path temporary;

    /** What hangs, hangs there. */
    private final ExecutorService callers = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "caller");
        thread.setDaemon(true);
        return thread;
    });

    @AfterEach
    void endCallers() {
        callers.shutdown();
    }

    private SceneClassifier.Builder builder() throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary))
                .backend("portable")
                .threads(1)
                .sessions(1);
    }

    private <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private CompletableFuture<Void> elsewhere(Runnable work) {
        return CompletableFuture.runAsync(work, callers);
    }

    private static CompletableFuture<ScenePrediction> begin(SceneClassifier classifier) {
        return classifier.classifyAsync(CLIP, NOWHERE, CallOptions.none());
    }

    /** Where it is closed; each gives what has to come to an end. */
    enum Place {
        IN_A_CALL {
            @Override
            void close(SceneClassifierHolder holder, Consumer<Runnable> listening) {
                holder.use(classifier -> {
                    holder.close();
                    return classifier.classify(CLIP, NOWHERE);
                });
            }
        },
        IN_A_CALL_OF_A_CALL {
            @Override
            void close(SceneClassifierHolder holder, Consumer<Runnable> listening) {
                holder.use(classifier -> {
                    holder.use(SceneClassifier::labels);
                    holder.close();
                    return classifier.classify(CLIP, NOWHERE);
                });
            }
        },
        BEFORE_A_CALL_HAS_BEGUN {
            @Override
            void close(SceneClassifierHolder holder, Consumer<Runnable> listening) {
                holder.useAsync(classifier -> {
                            holder.close();
                            return begin(classifier);
                        })
                        .join();
            }
        },
        BEHIND_A_CALL {
            @Override
            void close(SceneClassifierHolder holder, Consumer<Runnable> listening) {
                CountDownLatch followed = new CountDownLatch(1);
                CompletableFuture<Void> end = holder.useAsync(classifier -> beginOnce(classifier, followed))
                        .thenRun(holder::close);
                followed.countDown();
                end.join();
            }
        },
        IN_A_LISTENER {
            @Override
            void close(SceneClassifierHolder holder, Consumer<Runnable> listening) {
                listening.accept(holder::close);
                holder.use(classifier -> classifier.classify(CLIP, NOWHERE));
            }
        },
        IN_A_LISTENER_OF_ANOTHER_THREAD {
            @Override
            void close(SceneClassifierHolder holder, Consumer<Runnable> listening) {
                listening.accept(holder::close);
                holder.useAsync(HolderClosingTest::begin).join();
            }
        };

        abstract void close(SceneClassifierHolder holder, Consumer<Runnable> listening);
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void closesWithItsLastCall(Place place) throws Exception {
        AtomicReference<Runnable> ended = new AtomicReference<>(() -> {});
        SceneClassifierHolder holder = SceneClassifierHolder.load(builder().listener(new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                ended.get().run();
            }
        }));
        soon(elsewhere(() -> place.close(holder, ended::set)));
        assertThrows(ClosedException.class, () -> holder.use(SceneClassifier::labels));
        // From outside, a close waits for the classifier's end, whoever asked for it first.
        soon(elsewhere(holder::close));
        assertEquals(ClassifierHealth.State.CLOSED, holder.health().state());
    }

    /** What follows on the call runs before or after the holder is told of the call's end; another closes meanwhile. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatFollowsOnACallMayCloseWhileAnotherDoes(boolean holderFirst) throws Exception {
        for (boolean replaced : new boolean[] {false, true}) {
            SceneClassifierHolder holder = SceneClassifierHolder.load(builder());
            SceneClassifier first = holder.use(Function.identity());
            SceneClassifier.Builder next = builder();
            CountDownLatch known = new CountDownLatch(1);
            CountDownLatch behind = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            Runnable closing = () -> {
                behind.countDown();
                await(done);
                holder.close();
            };
            AtomicReference<CompletableFuture<Void>> followed = new AtomicReference<>();
            CompletableFuture<?> call = holder.useAsync(classifier -> {
                CompletableFuture<SceneAnalysis<ScenePrediction, float[]>> begun = beginOnce(classifier, known);
                // Of what follows on a future, the last that was added comes first.
                if (holderFirst) {
                    followed.set(begun.thenRun(closing));
                }
                return begun;
            });
            if (!holderFirst) {
                followed.set(call.thenRun(closing));
            }
            known.countDown();
            await(behind);
            CompletableFuture<Void> other = elsewhere(replaced ? () -> holder.replace(next) : holder::close);
            while (serves(holder, first)) {
                Thread.sleep(1);
            }
            done.countDown();
            soon(followed.get());
            soon(other);
            soon(elsewhere(holder::close));
            assertFalse(holder.health().isReady());
        }
    }

    /** Its recording is opened when the latch says so. */
    private static CompletableFuture<SceneAnalysis<ScenePrediction, float[]>> beginOnce(
            SceneClassifier classifier, CountDownLatch latch) {
        return classifier.analyseAsync(
                () -> {
                    await(latch);
                    return new SilentRecording();
                },
                "silence",
                NOWHERE,
                CallOptions.none());
    }

    private static boolean serves(SceneClassifierHolder holder, SceneClassifier classifier) {
        try {
            return holder.use(Function.identity()) == classifier;
        } catch (ClosedException e) {
            return false;
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
