package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.earshot.error.ClosedException;
import org.earshot.error.ModelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that is replaced while it serves: no call fails, and what is not used any more is closed. */
@Timeout(120)
class SceneClassifierHolderTest {
    private static final RecordingContext NOWHERE = RecordingContext.unknown();

    @TempDir
    Path temporary;

    private SceneClassifier.Builder model(int frames) throws IOException {
        return SceneClassifier.builder(SmallModel.variant(temporary, "\"frames\": 500", "\"frames\": " + frames));
    }

    private static AudioClip clip() {
        return AudioClip.of(SmallModel.noise(0.3, 1), SmallModel.RATE);
    }

    @Test
    void callersNoticeNothing() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(4);
        AtomicBoolean over = new AtomicBoolean();
        Set<String> served = ConcurrentHashMap.newKeySet();
        Set<SceneClassifier> seen = ConcurrentHashMap.newKeySet();
        try (SceneClassifierHolder holder = SceneClassifierHolder.load(model(40))) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                running.add(callers.submit(() -> {
                    while (!over.get()) {
                        holder.use(classifier -> {
                            seen.add(classifier);
                            served.add(classifier.modelDigest());
                            return classifier.classify(clip(), NOWHERE);
                        });
                        holder.useAsync(classifier -> classifier.classifyAsync(clip(), NOWHERE, CallOptions.none()))
                                .get();
                    }
                    return null;
                }));
            }
            String first = holder.modelDigest();
            for (int frames = 41; frames < 46; frames++) {
                holder.replace(model(frames));
                String serving = holder.modelDigest();
                assertNotEquals(first, serving);
                while (!served.contains(serving)) {
                    Thread.sleep(1);
                }
            }
            over.set(true);
            for (Future<?> caller : running) {
                caller.get();
            }
            assertEquals(6, seen.size());
            // Asynchronous calls are given back by another thread.
            while (seen.stream()
                            .filter(classifier -> classifier.health().isReady())
                            .count()
                    > 1) {
                Thread.sleep(1);
            }
            assertTrue(holder.health().isReady());
        } finally {
            callers.shutdown();
        }
        assertTrue(seen.stream().noneMatch(classifier -> classifier.health().isReady()));
    }

    @Test
    void aLoadThatFailsLeavesTheOldOneServing() throws IOException {
        try (SceneClassifierHolder holder = SceneClassifierHolder.load(model(50))) {
            ScenePrediction before = holder.use(classifier -> classifier.classify(clip(), NOWHERE));
            SceneClassifier.Builder missing = SceneClassifier.builder(temporary.resolve("nothing"));
            assertThrows(ModelException.class, () -> holder.replace(missing));
            assertTrue(holder.health().isReady());
            assertEquals(
                    before.ranking(),
                    holder.use(classifier -> classifier.classify(clip(), NOWHERE))
                            .ranking());
        }
    }

    /** Replacing does not wait for a call, and the call keeps what it has until it is done. */
    @Test
    void aCallKeepsItsClassifierToItsEnd() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch replaced = new CountDownLatch(1);
        try (SceneClassifierHolder holder = SceneClassifierHolder.load(model(50))) {
            String before = holder.modelDigest();
            CompletableFuture<SceneClassifier> call = CompletableFuture.supplyAsync(() -> holder.use(classifier -> {
                begun.countDown();
                try {
                    replaced.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                assertEquals(before, classifier.modelDigest());
                assertTrue(classifier.classify(clip(), NOWHERE).probability() > 0);
                return classifier;
            }));
            begun.await();
            holder.replace(model(40));
            replaced.countDown();
            assertFalse(call.get().health().isReady(), "closed with its last call");
        }
    }

    @Test
    void aClosedHolderRefuses() throws IOException {
        SceneClassifierHolder holder = SceneClassifierHolder.load(model(50));
        holder.close();
        holder.close();
        assertThrows(ClosedException.class, () -> holder.use(SceneClassifier::labels));
        assertThrows(ClosedException.class, () -> holder.useAsync(classifier -> new CompletableFuture<>()));
        SceneClassifier.Builder next = model(40);
        assertThrows(ClosedException.class, () -> holder.replace(next));
        assertEquals(ClassifierHealth.State.CLOSED, holder.health().state());
    }

    /** What the caller throws, before a future is there, does not keep the classifier open. */
    @Test
    void aCallThatFailsIsOver() throws IOException {
        SceneClassifierHolder holder = SceneClassifierHolder.load(model(50));
        assertThrows(
                IllegalStateException.class,
                () -> holder.use(classifier -> {
                    throw new IllegalStateException("the caller's");
                }));
        assertThrows(
                IllegalStateException.class,
                () -> holder.useAsync(classifier -> {
                    throw new IllegalStateException("the caller's");
                }));
        holder.close();
        assertFalse(holder.health().isReady());
    }
}
