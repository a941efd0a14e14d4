package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.error.AudioException;
import org.earshot.error.ContextException;
import org.junit.jupiter.api.Test;

/** What a classifier of two stages answers, and what the newer systems ask of a recording. */
class TwoStageTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Set<String> INDOOR = Set.of("Bus", "Metro", "Restaurant", "Shopping mall", "Bar");
    private static final int RATE = 44_100;
    private static final int HOP = 882;
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));

    private static float[] noise(int samples) {
        Random random = new Random(1);
        float[] pcm = new float[samples];
        for (int i = 0; i < samples; i++) {
            pcm[i] = (float) (0.1 * random.nextGaussian());
        }
        return pcm;
    }

    private static Map<String, Float> byLabel(List<ScoredScene> ranking) {
        return ranking.stream().collect(Collectors.toMap(ScoredScene::label, ScoredScene::probability));
    }

    @Test
    void bothStagesAndTheirFusion() {
        try (SceneClassifier classifier = SceneClassifier.load(GOLDEN.resolve("se-trans-two-stage"))) {
            ScenePrediction prediction = classifier.classify(noise(RATE), RATE, XIAN);
            ScenePrediction.TwoStages stages = prediction.stages().orElseThrow();
            Map<String, Float> coarse = byLabel(stages.coarse());
            Map<String, Float> fine = byLabel(stages.fine());
            assertEquals(Set.of("indoor", "outdoor"), coarse.keySet());
            assertEquals(1, coarse.values().stream().mapToDouble(p -> p).sum(), 1e-6);
            assertEquals(1, fine.values().stream().mapToDouble(p -> p).sum(), 1e-6);
            assertEquals(stages.coarse().get(0).label(), stages.coarseLabel());
            assertEquals(stages.fine().get(0).label(), stages.fineLabel());
            double sum = 0;
            for (String label : classifier.labels()) {
                sum += fine.get(label) * coarse.get(INDOOR.contains(label) ? "indoor" : "outdoor");
            }
            for (ScoredScene scene : prediction.ranking()) {
                float superset = coarse.get(INDOOR.contains(scene.label()) ? "indoor" : "outdoor");
                assertEquals(fine.get(scene.label()) * superset / sum, scene.probability(), 1e-6);
            }
        }
    }

    @Test
    void oneStageHasNone() {
        try (SceneClassifier classifier = SceneClassifier.load(GOLDEN.resolve("mobile-asc-net-none"))) {
            assertTrue(classifier
                    .classify(noise(RATE), RATE, RecordingContext.unknown())
                    .stages()
                    .isEmpty());
        }
    }

    @Test
    void aRecordingTooShortForThePoolingSaysHowLongItMustBe() {
        try (SceneClassifier classifier = SceneClassifier.load(GOLDEN.resolve("mobile-asc-net-none"))) {
            classifier.classify(noise(7 * HOP), RATE, RecordingContext.unknown());
            AudioException e = assertThrows(
                    AudioException.class, () -> classifier.classify(noise(6 * HOP), RATE, RecordingContext.unknown()));
            assertTrue(e.getMessage().contains("expected at least 8 frames of 882 samples"), e.getMessage());
        }
    }

    @Test
    void aReadyConditionIsForAscMambaOnly() {
        try (SceneClassifier classifier = SceneClassifier.load(GOLDEN.resolve("se-trans-two-stage"))) {
            ContextException e = assertThrows(
                    ContextException.class,
                    () -> classifier.classify(noise(RATE), RATE, RecordingContext.ofCondition(new float[32])));
            assertEquals(
                    "condition: found 32 values; expected a city and a time, since se-trans takes no condition",
                    e.getMessage());
        }
    }
}
