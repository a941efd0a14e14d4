package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.backend.CountingBackend;
import org.earshot.error.AudioException;
import org.earshot.error.ContextException;
import org.earshot.error.ModelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SceneEnsembleTest {
    private static final String FRAMES = "\"frames\": 500";
    private static final String QUICK = "\"frames\": 50";
    private static final List<String> SYSTEMS =
            List.of("ascmamba-small", "se-trans", "se-trans-two-stage", "mobile-asc-net-gated");
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));
    private static final RecordingContext PARIS = RecordingContext.of("Paris", LocalDateTime.of(2023, 1, 2, 3, 4));

    @TempDir
    Path temporary;

    private Path quick(String system) throws IOException {
        return SmallModel.variant(SmallModel.GOLDEN.resolve(system), temporary, FRAMES, QUICK);
    }

    private List<Path> quick(List<String> systems) throws IOException {
        List<Path> models = new ArrayList<>();
        for (String system : systems) {
            models.add(quick(system));
        }
        return models;
    }

    private static SceneEnsemble.Builder ensemble(List<Path> models) {
        SceneEnsemble.Builder builder = SceneEnsemble.builder();
        models.forEach(builder::add);
        return builder.backend("portable").sessions(1);
    }

    private static AudioClip clip(double seconds, long seed) {
        return AudioClip.of(noise(seconds, seed), SmallModel.RATE);
    }

    private static void assertSame(ScenePrediction expected, ScenePrediction actual) {
        assertEquals(expected.ranking(), actual.ranking());
        assertEquals(expected.stages(), actual.stages());
        assertEquals(expected.windows().size(), actual.windows().size());
        for (int i = 0; i < expected.windows().size(); i++) {
            assertEquals(
                    expected.windows().get(i).start(), actual.windows().get(i).start());
            assertEquals(
                    expected.windows().get(i).ranking(), actual.windows().get(i).ranking());
        }
    }

    private static float probability(List<ScoredScene> ranking, String label) {
        return ranking.stream()
                .filter(scene -> scene.label().equals(label))
                .findFirst()
                .orElseThrow()
                .probability();
    }

    @Test
    void membersSayWhatTheyWouldAlone() throws IOException {
        List<Path> models = quick(SYSTEMS);
        AudioClip clip = clip(2.3, 1);
        try (SceneEnsemble ensemble = ensemble(models).load()) {
            EnsemblePrediction answer = ensemble.classify(clip, XIAN);
            assertEquals(SYSTEMS.size(), answer.members().size());
            for (int i = 0; i < models.size(); i++) {
                try (SceneClassifier alone = SceneClassifier.builder(models.get(i))
                        .backend("portable")
                        .load()) {
                    assertSame(alone.classify(clip, XIAN), answer.members().get(i));
                }
            }
            assertTrue(answer.members().get(2).stages().isPresent());
            assertTrue(answer.fused().stages().isEmpty());
        }
    }

    @Test
    void fusedIsTheWeightedMean() throws IOException {
        double[] weights = {2, 0.5, 1.5};
        SceneEnsemble.Builder builder = SceneEnsemble.builder();
        for (int i = 0; i < weights.length; i++) {
            builder.add(quick(SYSTEMS.get(i)), weights[i]);
        }
        try (SceneEnsemble ensemble = builder.load()) {
            EnsemblePrediction answer = ensemble.classify(clip(2.5, 2), XIAN);
            List<ScenePrediction> members = answer.members();
            // Both sides round a mean of probabilities, at most 1, to float32 at most twice.
            double tolerance = 4 * Math.ulp(1.0f);
            for (String label : ensemble.labels()) {
                double whole = 0;
                for (int i = 0; i < weights.length; i++) {
                    whole += weights[i] * probability(members.get(i).ranking(), label) / 4;
                }
                assertEquals(whole, probability(answer.fused().ranking(), label), tolerance);
            }
            assertEquals(3, answer.fused().windows().size());
            for (int w = 0; w < 3; w++) {
                ScenePrediction.Window fused = answer.fused().windows().get(w);
                assertEquals(Duration.ofMillis(w < 2 ? 1000L * w : 1500), fused.start());
                for (String label : ensemble.labels()) {
                    double mean = 0;
                    for (int i = 0; i < weights.length; i++) {
                        List<ScoredScene> ranking =
                                members.get(i).windows().get(w).ranking();
                        mean += weights[i] * probability(ranking, label) / 4;
                    }
                    assertEquals(mean, probability(fused.ranking(), label), tolerance);
                }
            }
        }
    }

    @Test
    void onlyTheProportionOfTheWeightsCounts() throws IOException {
        Path first = quick(SYSTEMS.get(0));
        Path second = quick(SYSTEMS.get(1));
        AudioClip clip = clip(1, 3);
        List<List<ScoredScene>> answers = new ArrayList<>();
        for (double weight : new double[] {1, Double.MAX_VALUE, Double.MIN_VALUE}) {
            try (SceneEnsemble ensemble = SceneEnsemble.builder()
                    .add(first, weight)
                    .add(second, weight)
                    .load()) {
                answers.add(ensemble.classify(clip, XIAN).fused().ranking());
            }
        }
        assertEquals(answers.get(0), answers.get(1));
        assertEquals(answers.get(0), answers.get(2));
    }

    @Test
    void theFrontEndRunsOnceForAll() throws IOException {
        List<Path> models = quick(SYSTEMS);
        CountingBackend counting = new CountingBackend();
        AudioClip clip = clip(2.3, 4);
        try (SceneEnsemble counted = new SceneEnsemble(ensemble(models), () -> List.of(counting));
                SceneEnsemble plain = ensemble(models).load()) {
            EnsemblePrediction answer = counted.classify(clip, XIAN);
            assertEquals(3, answer.windows().size());
            assertEquals(3, counting.runs());
            EnsemblePrediction expected = plain.classify(clip, XIAN);
            assertSame(expected.fused(), answer.fused());
            for (int i = 0; i < models.size(); i++) {
                assertSame(expected.members().get(i), answer.members().get(i));
            }
        }
    }

    @Test
    void labelsInAnotherOrderAreFusedByName() throws IOException {
        Path first = quick(SYSTEMS.get(0));
        // The same weights: where the labels are exchanged, so are the answers.
        Path exchanged = SmallModel.variant(first, temporary, "\"Bus\",\n  \"Airport\"", "\"Airport\",\n  \"Bus\"");
        try (SceneEnsemble ensemble = ensemble(List.of(first, exchanged)).load()) {
            EnsemblePrediction answer = ensemble.classify(clip(1, 5), XIAN);
            List<ScoredScene> plain = answer.members().get(0).ranking();
            List<ScoredScene> other = answer.members().get(1).ranking();
            assertEquals(probability(plain, "Bus"), probability(other, "Airport"));
            assertNotEquals(probability(plain, "Bus"), probability(plain, "Airport"));
            double mean = (probability(plain, "Bus") + probability(plain, "Airport")) / 2.0;
            List<ScoredScene> fused = answer.fused().ranking();
            // A mean rounded to float32 once.
            assertEquals(mean, probability(fused, "Bus"), Math.ulp(1.0f));
            assertEquals(mean, probability(fused, "Airport"), Math.ulp(1.0f));
            assertEquals(probability(plain, "Metro"), probability(fused, "Metro"), Math.ulp(1.0f));
            assertEquals(List.of("Bus", "Airport"), ensemble.labels().subList(0, 2));
        }
    }

    @Test
    void disagreementIsReported() throws IOException {
        Path first = quick(SYSTEMS.get(0));
        AudioClip clip = clip(3, 6);
        String best;
        try (SceneClassifier alone = SceneClassifier.load(first)) {
            best = alone.classify(clip, XIAN).label();
        }
        String others = best.equals("Metro") ? "Bar" : "Metro";
        Path contrary = SmallModel.variant(first, temporary, '"' + best + '"', "\"\"");
        contrary = SmallModel.variant(contrary, temporary, '"' + others + '"', '"' + best + '"');
        contrary = SmallModel.variant(contrary, temporary, "\"\"", '"' + others + '"');
        try (SceneEnsemble same = ensemble(List.of(first, first)).load();
                SceneEnsemble different = ensemble(List.of(first, contrary)).load()) {
            EnsemblePrediction agreed = same.classify(clip, XIAN);
            assertTrue(agreed.agree());
            assertTrue(agreed.disagreements().isEmpty());
            EnsemblePrediction disputed = different.classify(clip, XIAN);
            assertFalse(disputed.agree());
            assertEquals(
                    List.of(best, others),
                    disputed.answers().stream().map(ScoredScene::label).toList());
            assertEquals(
                    disputed.answers().get(0).probability(),
                    disputed.answers().get(1).probability());
            assertEquals(3, disputed.windows().size());
            for (int w = 0; w < 3; w++) {
                EnsemblePrediction.Window window = disputed.windows().get(w);
                assertEquals(Duration.ofSeconds(w), window.start());
                assertEquals(Duration.ofSeconds(1), window.length());
                for (int i = 0; i < 2; i++) {
                    assertEquals(
                            disputed.members().get(i).windows().get(w).ranking().get(0),
                            window.answers().get(i));
                }
                String label = window.answers().get(0).label();
                assertEquals(!label.equals(best) && !label.equals(others), window.agree());
                assertEquals(window.agree(), !disputed.disagreements().contains(window));
            }
        }
    }

    @Test
    void eachModelEncodesTheContextItself() throws IOException {
        Path first = quick(SYSTEMS.get(0));
        Path without = SmallModel.variant(first, temporary, "\"Xi'an\"", "\"Paris\"");
        String policy = "\"unknown_location\": \"first\"";
        Path strict = SmallModel.variant(first, temporary, policy, "\"unknown_location\": \"error\"");
        AudioClip clip = clip(1, 7);
        RecordingContext haikou = RecordingContext.of("Haikou", PARIS.time().orElseThrow());
        try (SceneEnsemble lenient = ensemble(List.of(first, without)).load()) {
            // Paris is row 0 of one model and unknown, so row 0, to the other; Haikou is the same row in both.
            for (RecordingContext context : List.of(PARIS, haikou)) {
                List<ScenePrediction> members = lenient.classify(clip, context).members();
                assertEquals(members.get(0).ranking(), members.get(1).ranking());
            }
        }
        try (SceneEnsemble ensemble = ensemble(List.of(first, strict)).load()) {
            assertThrows(ContextException.class, () -> ensemble.classify(clip, PARIS));
            assertEquals(2, ensemble.classify(clip, XIAN).members().size());
        }
        try (SceneEnsemble ensemble =
                ensemble(List.of(first, quick(SYSTEMS.get(1)))).load()) {
            ContextException e = assertThrows(
                    ContextException.class, () -> ensemble.classify(clip, RecordingContext.ofCondition(new float[32])));
            assertTrue(e.getMessage().contains("se-trans takes no condition"), e.getMessage());
        }
    }

    @Test
    void otherLabelsAreAnError() throws IOException {
        Path first = quick(SYSTEMS.get(0));
        Path other = SmallModel.variant(quick(SYSTEMS.get(1)), temporary, "\"Bar\"", "\"Pub\"");
        ModelException e = assertThrows(
                ModelException.class, () -> ensemble(List.of(first, other)).load());
        assertEquals(
                other.resolve("config.json") + ": labels: found 10 without \"Bar\", with \"Pub\"; expected those of "
                        + first.resolve("config.json") + ", in any order",
                e.getMessage());
    }

    @Test
    void otherFeaturesAreAnError() throws IOException {
        Path first = quick(SYSTEMS.get(0));
        Path other = SmallModel.variant(first, temporary, "\"top_db\": 80.0", "\"top_db\": 60.0");
        ModelException e = assertThrows(
                ModelException.class, () -> ensemble(List.of(first, other)).load());
        assertEquals(
                other.resolve("config.json") + ": features.top_db: found 60.0; expected 80.0, as in "
                        + first.resolve("config.json"),
                e.getMessage());
    }

    @Test
    void badBuildersAreErrors() {
        SceneEnsemble.Builder builder = SceneEnsemble.builder();
        assertThrows(IllegalStateException.class, builder::load);
        for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> builder.add(SmallModel.FOLDER, weight));
            assertTrue(e.getMessage().contains("expected a positive, finite number"), e.getMessage());
        }
        builder.add(SmallModel.FOLDER);
        assertThrows(IllegalStateException.class, builder::load);
        builder.add(temporary.resolve("nowhere"));
        assertTrue(
                assertThrows(ModelException.class, builder::load).getMessage().contains("nowhere"));
    }

    @Test
    void aRecordingMustDoForTheMostDemandingNetwork() throws IOException {
        List<Path> models = quick(List.of("ascmamba-small", "mobile-asc-net-gated"));
        try (SceneEnsemble ensemble = ensemble(models).load()) {
            AudioException e = assertThrows(AudioException.class, () -> ensemble.classify(clip(0.1, 8), XIAN));
            assertTrue(e.getMessage().contains("expected at least 8 frames of 882 samples"), e.getMessage());
        }
    }

    @Test
    void fileAndClipGiveTheSameAnswer() throws IOException {
        Path wav = temporary.resolve("noise.wav");
        WavFiles.writeMono16(wav, noise(2.5, 9), SmallModel.RATE);
        try (SceneEnsemble ensemble = ensemble(quick(SYSTEMS.subList(0, 2))).load()) {
            EnsemblePrediction streamed = ensemble.classify(wav, XIAN);
            EnsemblePrediction inMemory = ensemble.classify(AudioClip.read(wav), XIAN);
            assertSame(inMemory.fused(), streamed.fused());
        }
    }

    @Test
    void anyNumberOfThreadsGetTheSameAnswer() throws Exception {
        List<Path> models = quick(SYSTEMS.subList(0, 2));
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try (SceneEnsemble ensemble = ensemble(models).threads(1).sessions(2).load()) {
            AudioClip clip = clip(1, 10);
            List<ScoredScene> expected = ensemble.classify(clip, XIAN).fused().ranking();
            List<Future<EnsemblePrediction>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                calls.add(callers.submit(() -> ensemble.classify(clip, XIAN)));
            }
            for (Future<EnsemblePrediction> call : calls) {
                assertEquals(expected, call.get(60, TimeUnit.SECONDS).fused().ranking());
            }
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void closedEnsemblesRefuse() throws IOException {
        SceneEnsemble ensemble = ensemble(quick(SYSTEMS.subList(0, 2))).load();
        assertEquals("SceneEnsemble[ascmamba + se-trans, 10 scenes, " + ensemble.backend() + "]", ensemble.toString());
        ensemble.close();
        ensemble.close();
        assertThrows(IllegalStateException.class, () -> ensemble.classify(clip(1, 11), XIAN));
    }
}
