package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.CountingBackend;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.AudioException;
import org.earshot.error.BackendException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Features computed before give the answer that their recording gives. */
class ClassifyFeaturesTest {
    private static final int BANDS = 64;
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));

    @TempDir
    Path temporary;

    private static float[] features(Backend backend, FeatureParameters parameters, float... pcm) {
        float[] values = new float[parameters.cutFrames(pcm.length) * BANDS];
        try (LogMelFrames frames = backend.frames(parameters).orElseThrow()) {
            frames.computeClip(pcm, pcm.length, values);
        }
        return values;
    }

    /** With the features that a backend makes, which is the classifier's or has its front end. */
    private static void assertSameAnswers(SceneClassifier classifier, Backend backend) {
        // Shorter and longer in turn, so that sessions plan anew; a buffer longer than its frames.
        for (double seconds : new double[] {0.5, 1, 0.02, 0.9}) {
            float[] pcm = noise(seconds, 1);
            ScenePrediction expected = classifier.classify(pcm, SmallModel.RATE, XIAN);
            float[] features = features(backend, classifier.config().features(), pcm);
            int frames = features.length / BANDS;
            ScenePrediction actual =
                    classifier.classifyFeatures(Arrays.copyOf(features, features.length + 5), frames, XIAN);
            assertEquals(expected.ranking(), actual.ranking());
            assertEquals(1, actual.windows().size());
            assertEquals(
                    Duration.ofMillis(20L * frames), actual.windows().get(0).length());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"portable", "cpu"})
    void answersAreThoseOfThePcm(String backend) throws IOException {
        try (SceneClassifier classifier = SceneClassifier.builder(SmallModel.quick(temporary))
                .backend(backend)
                .threads(1)
                .sessions(3)
                .load()) {
            assertEquals(3, classifier.sessions());
            assertSameAnswers(classifier, Backends.start(backend, 1));
        }
    }

    /**
     * Values that are finite and that float32 has no sum of: an error of that call, and no scene of probability NaN.
     */
    @ParameterizedTest
    @ValueSource(strings = {"portable", "cpu"})
    void whatComesToNoNumbersIsAnError(String backend) throws IOException {
        float[] features = new float[50 * BANDS];
        float[] tooLarge = features.clone();
        for (int i = 0; i < tooLarge.length; i++) {
            tooLarge[i] = i % 7 < 3 ? Float.MAX_VALUE : -Float.MAX_VALUE;
        }
        try (SceneClassifier classifier = SceneClassifier.builder(SmallModel.quick(temporary))
                .backend(backend)
                .threads(1)
                .sessions(1)
                .load()) {
            ScenePrediction expected = classifier.classifyFeatures(features, 50, XIAN);
            String message = assertThrows(BackendException.class, () -> classifier.classifyFeatures(tooLarge, 50, XIAN))
                    .getMessage();
            assertTrue(message.startsWith("ascmamba: found logits [NaN, "), message);
            assertEquals(
                    expected.ranking(),
                    classifier.classifyFeatures(features, 50, XIAN).ranking());
        }
    }

    @Test
    void theyDoNotGoThroughTheFrontEnd() throws IOException {
        CountingBackend counting = new CountingBackend();
        try (SceneClassifier classifier = new SceneClassifier(
                SceneClassifier.builder(SmallModel.quick(temporary)).sessions(1), () -> List.of(counting))) {
            assertSameAnswers(classifier, new PortableBackend(1));
            assertEquals(4, counting.runs(), "only the PCM goes through it");
        }
    }

    @Test
    void whatTheNetworkCannotTakeIsRefused() throws IOException {
        try (SceneClassifier classifier = SceneClassifier.builder(SmallModel.quick(temporary))
                .backend("portable")
                .threads(1)
                .load()) {
            float[] good = new float[50 * BANDS];
            for (int frames : List.of(-1, 0, 51, Integer.MAX_VALUE)) {
                assertRefused(classifier, good, frames, "features: found " + frames + " frames; expected from 1 to 50");
            }
            assertRefused(classifier, new float[50 * BANDS - 1], 50, "found 3199 values");
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                float[] values = good.clone();
                values[2 * BANDS + 3] = bad;
                assertRefused(classifier, values, 50, "features: frame 2, band 3: found " + bad);
            }
        }
    }

    private static void assertRefused(SceneClassifier classifier, float[] features, int frames, String message) {
        AudioException e =
                assertThrows(AudioException.class, () -> classifier.classifyFeatures(features, frames, XIAN));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }
}
