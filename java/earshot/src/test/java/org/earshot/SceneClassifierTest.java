package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.earshot.error.BackendException;
import org.earshot.error.ClosedException;
import org.earshot.error.ContextException;
import org.earshot.error.ModelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SceneClassifierTest {
    private static final Path SMALL = SmallModel.FOLDER;
    private static final int RATE = SmallModel.RATE;
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));

    @TempDir
    Path temporary;

    private Path variant(String from, String to) throws IOException {
        return SmallModel.variant(temporary, from, to);
    }

    private Path quick() throws IOException {
        return SmallModel.quick(temporary);
    }

    @Test
    void probabilitiesAreADistributionInOrder() throws IOException {
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            ScenePrediction prediction = classifier.classify(noise(1, 1), RATE, XIAN);
            assertEquals(10, prediction.ranking().size());
            double sum = 0;
            float previous = 1;
            for (ScenePrediction.ScoredScene scene : prediction.ranking()) {
                assertTrue(scene.probability() <= previous);
                previous = scene.probability();
                sum += scene.probability();
            }
            assertEquals(1, sum, 1e-6);
            assertEquals(prediction.label(), prediction.ranking().get(0).label());
            assertEquals(1, prediction.windows().size());
        }
    }

    /** From memory, in one pass, is what the file gives in two. */
    @Test
    void anAnalysisIsAnswerAndEmbedding() throws IOException {
        Path wav = temporary.resolve("noise.wav");
        WavFiles.writeMono16(wav, noise(3, 2), RATE);
        byte[] bytes = Files.readAllBytes(wav);
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            SceneAnalysis<ScenePrediction, float[]> analysis = classifier
                    .analyseAsync(
                            () -> AudioFiles.open(bytes, "upload", AudioLimits.defaults()),
                            "upload",
                            XIAN,
                            CallOptions.none())
                    .join();
            assertEquals(
                    classifier.classify(wav, XIAN).ranking(),
                    analysis.prediction().ranking());
            assertEquals(3, analysis.prediction().windows().size());
            assertArrayEquals(classifier.embed(AudioClip.read(wav), XIAN), analysis.embedding());
            CompletionException e = assertThrows(CompletionException.class, () -> classifier
                    .analyseAsync(
                            () -> AudioFiles.open(new byte[] {1}, "upload", AudioLimits.defaults()),
                            "upload",
                            XIAN,
                            CallOptions.none())
                    .join());
            assertTrue(e.getCause() instanceof AudioException, e::toString);
        }
    }

    @Test
    void aLongRecordingIsTheMeanOfItsWindows() throws IOException {
        float[] pcm = noise(3, 2);
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            ScenePrediction whole = classifier.classify(pcm, RATE, XIAN);
            assertEquals(
                    List.of(Duration.ZERO, Duration.ofSeconds(1), Duration.ofSeconds(2)),
                    whole.windows().stream().map(ScenePrediction.Window::start).toList());
            for (ScenePrediction.ScoredScene scene : whole.ranking()) {
                double mean = 0;
                for (int second = 0; second < 3; second++) {
                    float[] part = Arrays.copyOfRange(pcm, second * RATE, (second + 1) * RATE);
                    mean += probability(classifier.classify(part, RATE, XIAN).ranking(), scene.label()) / 3;
                }
                assertEquals(mean, scene.probability(), 1e-6);
            }
        }
    }

    private static float probability(List<ScenePrediction.ScoredScene> ranking, String label) {
        return ranking.stream()
                .filter(scene -> scene.label().equals(label))
                .findFirst()
                .orElseThrow()
                .probability();
    }

    @Test
    void windowHopSetsTheOverlap() throws IOException {
        try (SceneClassifier classifier = SceneClassifier.builder(quick())
                .windowHop(Duration.ofMillis(500))
                .load()) {
            assertEquals(
                    5, classifier.classify(noise(3, 3), RATE, XIAN).windows().size());
        }
        assertThrows(IllegalArgumentException.class, () -> SceneClassifier.builder(quick())
                .windowHop(Duration.ofSeconds(2))
                .load());
    }

    @Test
    void fileAndClipGiveTheSameAnswer() throws IOException {
        Path wav = temporary.resolve("noise.wav");
        WavFiles.writeMono16(wav, noise(2.5, 4), RATE);
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            ScenePrediction streamed = classifier.classify(wav, XIAN);
            ScenePrediction inMemory = classifier.classify(AudioClip.read(wav), XIAN);
            assertEquals(inMemory.ranking(), streamed.ranking());
            assertEquals(3, streamed.windows().size());
        }
    }

    @Test
    void anyNumberOfThreadsGetTheSameAnswer() throws Exception {
        try (SceneClassifier classifier =
                SceneClassifier.builder(quick()).threads(1).sessions(2).load()) {
            List<float[]> clips = List.of(noise(1, 5), noise(0.7, 6), noise(2.2, 7));
            List<List<ScenePrediction.ScoredScene>> expected = new ArrayList<>();
            for (float[] clip : clips) {
                expected.add(classifier.classify(clip, RATE, XIAN).ranking());
            }
            ExecutorService callers = Executors.newFixedThreadPool(6);
            try {
                List<Future<?>> calls = new ArrayList<>();
                for (int i = 0; i < 30; i++) {
                    int which = i % clips.size();
                    calls.add(callers.submit(() -> assertEquals(
                            expected.get(which),
                            classifier.classify(clips.get(which), RATE, XIAN).ranking())));
                }
                for (Future<?> call : calls) {
                    call.get(60, TimeUnit.SECONDS);
                }
            } finally {
                callers.shutdownNow();
            }
        }
    }

    @Test
    void embeddingHasTheNetworksWidth() throws IOException {
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            AudioClip clip = AudioClip.of(noise(1, 8), RATE);
            float[] embedding = classifier.embed(clip, XIAN);
            assertEquals(16, embedding.length);
            assertArrayEquals(embedding, classifier.embed(clip, XIAN));
        }
    }

    @Test
    void unknownCityFollowsThePolicy() throws IOException {
        float[] pcm = noise(1, 9);
        LocalDateTime time = LocalDateTime.of(2023, 1, 2, 3, 4);
        RecordingContext paris = RecordingContext.of("Paris", time);
        try (SceneClassifier first = SceneClassifier.load(quick())) {
            assertEquals(
                    first.classify(pcm, RATE, RecordingContext.of("Xi'an", time))
                            .ranking(),
                    first.classify(pcm, RATE, paris).ranking());
        }
        String policy = "\"unknown_location\": \"first\"";
        try (SceneClassifier mean = SceneClassifier.load(variant(policy, "\"unknown_location\": \"mean\""))) {
            assertNotEquals(
                    mean.classify(pcm, RATE, RecordingContext.of("Xi'an", time)).ranking(),
                    mean.classify(pcm, RATE, paris).ranking());
        }
        try (SceneClassifier error = SceneClassifier.load(variant(policy, "\"unknown_location\": \"error\""))) {
            ContextException e = assertThrows(ContextException.class, () -> error.classify(pcm, RATE, paris));
            assertTrue(e.getMessage().contains("Paris"), e.getMessage());
            assertTrue(e.getMessage().contains("Xi'an"), e.getMessage());
        }
    }

    @Test
    void aReadyConditionMustHaveTheRightWidth() throws IOException {
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            ContextException e = assertThrows(
                    ContextException.class,
                    () -> classifier.classify(noise(1, 10), RATE, RecordingContext.ofCondition(new float[31])));
            assertEquals("condition: found 31 values; expected 32", e.getMessage());
            classifier.classify(noise(1, 10), RATE, RecordingContext.ofCondition(new float[32]));
        }
    }

    @Test
    void badSamplesAreErrors() throws IOException {
        try (SceneClassifier classifier = SceneClassifier.load(quick())) {
            float[] nan = noise(1, 11);
            nan[4_410] = Float.NaN;
            assertThrows(AudioException.class, () -> classifier.classify(nan, RATE, XIAN));
            assertThrows(AudioException.class, () -> classifier.classify(new float[0], RATE, XIAN));
            assertThrows(AudioException.class, () -> classifier.classify(noise(1, 12), 0, XIAN));
            ScenePrediction silence = classifier.classify(new float[RATE], RATE, XIAN);
            assertTrue(Float.isFinite(silence.probability()));
            ScenePrediction oneSample = classifier.classify(new float[] {0.5f}, RATE, XIAN);
            assertTrue(Float.isFinite(oneSample.probability()));
        }
    }

    @Test
    void closedClassifiersRefuse() throws IOException {
        SceneClassifier classifier = SceneClassifier.load(quick());
        classifier.classify(noise(1, 13), RATE, XIAN);
        classifier.close();
        classifier.close();
        AudioClip clip = AudioClip.of(noise(1, 13), RATE);
        List<Executable> calls = List.of(
                () -> classifier.classify(clip, XIAN),
                () -> classifier.classifyAll(List.of(clip), List.of(XIAN)),
                () -> classifier.classifyAsync(clip, XIAN, CallOptions.none()),
                () -> classifier.classifyFeatures(new float[1], 1, XIAN),
                () -> classifier.embed(clip, XIAN),
                classifier::footprint,
                classifier::profile);
        for (Executable call : calls) {
            assertEquals(
                    "the classifier is closed",
                    assertThrows(ClosedException.class, call).getMessage());
        }
    }

    @Test
    void closeWaitsForRunningCalls() throws Exception {
        SceneClassifier classifier =
                SceneClassifier.builder(quick()).threads(1).sessions(1).load();
        ExecutorService callers = Executors.newFixedThreadPool(3);
        try {
            CountDownLatch started = new CountDownLatch(3);
            Callable<Object> call = () -> {
                started.countDown();
                try {
                    return classifier.classify(noise(10, 14), RATE, XIAN);
                } catch (IllegalStateException closedBefore) {
                    return closedBefore;
                }
            };
            List<Future<Object>> calls = List.of(callers.submit(call), callers.submit(call), callers.submit(call));
            started.await();
            classifier.close();
            for (Future<Object> result : calls) {
                Object answer = result.get(60, TimeUnit.SECONDS);
                assertTrue(answer instanceof ScenePrediction || answer instanceof IllegalStateException);
            }
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void aModelThatIsNotThereIsAnError() {
        ModelException e = assertThrows(ModelException.class, () -> SceneClassifier.load(temporary.resolve("nowhere")));
        assertTrue(e.getMessage().contains("nowhere"), e.getMessage());
    }

    @Test
    void aBackendThatIsNotThereIsAnError() {
        BackendException e = assertThrows(
                BackendException.class,
                () -> SceneClassifier.builder(SMALL).backend("abacus").load());
        assertTrue(e.getMessage().contains("abacus"), e.getMessage());
        assertTrue(e.getMessage().contains("portable"), e.getMessage());
    }
}
