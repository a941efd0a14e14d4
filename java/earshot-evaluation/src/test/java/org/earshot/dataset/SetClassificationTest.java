package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.features.FeatureParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SetClassificationTest {
    private static final String FIRST = "\"unknown_location\": \"first\"";

    @TempDir
    Path folder;

    private SceneClassifier classifier(String to) throws IOException {
        return SceneClassifier.builder(
                        Recordings.model(Files.createTempDirectory(folder, "m").resolve("model"), FIRST, to))
                .backend("cpu")
                .threads(1)
                .sessions(2)
                .load();
    }

    @Test
    void answersAreThoseOfTheRecordings() throws IOException {
        Dataset set = Recordings.set(folder, 5);
        List<Integer> told = new ArrayList<>();
        try (SceneClassifier classifier = classifier(FIRST);
                FeatureCache features = FeatureCache.open(
                        set, classifier.config().features(), folder.resolve("cache"), 2, ProgressListener.none())) {
            assertEquals(2, classifier.sessions());
            float[][] probabilities =
                    SetClassification.run(classifier, features, set.contexts(), (done, total) -> told.add(done));
            assertEquals(List.of(1, 2, 3, 4, 5), told);
            for (int i = 0; i < 5; i++) {
                Dataset.Clip clip = set.clips().get(i);
                ScenePrediction expected = classifier.classify(clip.audio(), clip.context());
                for (ScenePrediction.ScoredScene scene : expected.ranking()) {
                    // The same log-mel, so the same numbers.
                    assertEquals(
                            scene.probability(),
                            probabilities[i][classifier.labels().indexOf(scene.label())]);
                }
            }
        }
    }

    @Test
    void aContextThatTheModelRefusesIsNamedByItsRecording() throws IOException {
        Dataset set = Recordings.set(folder, 2);
        try (SceneClassifier classifier = classifier("\"unknown_location\": \"error\"")) {
            FeatureSource features =
                    new RecordedFeatures(set, classifier.config().features());
            List<RecordingContext> contexts = List.of(set.contexts().get(0), RecordingContext.of("Atlantis", null));
            String message = assertThrows(
                            DatasetException.class,
                            () -> SetClassification.run(classifier, features, contexts, ProgressListener.none()))
                    .getMessage();
            assertTrue(message.contains("clip1.wav: city: found \"Atlantis\""), message);
        }
    }

    @Test
    void featuresOfOtherParametersAndTooFewContextsAreRefused() throws IOException {
        Dataset set = Recordings.set(folder, 2);
        try (SceneClassifier classifier = classifier(FIRST)) {
            FeatureSource other = new RecordedFeatures(set, FeatureParameters.baseline());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> SetClassification.run(classifier, other, set.contexts(), ProgressListener.none()));
            FeatureSource features =
                    new RecordedFeatures(set, classifier.config().features());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> SetClassification.run(
                            classifier, features, set.contexts().subList(0, 1), ProgressListener.none()));
        }
    }
}
