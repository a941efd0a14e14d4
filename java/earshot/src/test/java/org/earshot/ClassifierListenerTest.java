package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifierListenerTest {
    @TempDir
    Path temporary;

    private final List<String> told = new ArrayList<>();

    private SceneClassifier.Builder quick() throws IOException {
        Path model = SmallModel.variant(
                SmallModel.GOLDEN.resolve("ascmamba-small"), temporary, "\"frames\": 500", "\"frames\": 50");
        return SceneClassifier.builder(model).backend("portable").sessions(1);
    }

    private static AudioClip clip(double seconds) {
        return AudioClip.of(noise(seconds, 1), SmallModel.RATE);
    }

    @Test
    void citiesThatTheModelDoesNotKnowAreToldOncePerCall() throws IOException {
        ClassifierListener listener = new ClassifierListener() {
            @Override
            public void unknownCity(String city, List<String> near) {
                told.add(city + " " + near.stream().findFirst().orElse("?"));
            }
        };
        try (SceneClassifier classifier = quick().listener(listener).load()) {
            classifier.classify(clip(0.5), RecordingContext.of("xi'an ", null));
            classifier.classify(clip(0.5), RecordingContext.unknown());
            assertEquals(List.of(), told);
            // Three windows, one call.
            classifier.classify(clip(3), RecordingContext.of("Hefey", null));
            classifier.embed(clip(0.5), RecordingContext.of("Paris", null));
        }
        assertEquals(List.of("Hefey Hefei", "Paris ?"), told);
    }

    @Test
    void whatAListenerThrowsIsTheCalls() throws IOException {
        IllegalStateException thrown = new IllegalStateException("no such city here");
        ClassifierListener listener = new ClassifierListener() {
            @Override
            public void unknownCity(String city, List<String> near) {
                throw thrown;
            }
        };
        try (SceneClassifier classifier = quick().listener(listener).load()) {
            assertSame(
                    thrown,
                    assertThrows(
                            IllegalStateException.class,
                            () -> classifier.classify(clip(0.5), RecordingContext.of("Paris", null))));
            classifier.classify(clip(0.5), RecordingContext.of("Jinan", null));
        }
    }

    @Test
    void whatIsLoadedIsToldOnceWithItsListener() throws IOException {
        List<Classifier<?, ?>> loaded = new ArrayList<>();
        ClassifierListener listener = new ClassifierListener() {
            @Override
            public void loaded(Classifier<?, ?> classifier) {
                loaded.add(classifier);
            }
        };
        SceneClassifier.Builder builder = quick().listener(listener);
        try (SceneClassifier classifier = builder.load();
                SceneEnsemble ensemble = SceneEnsemble.builder()
                        .add(SmallModel.FOLDER)
                        .add(SmallModel.FOLDER)
                        .backend("portable")
                        .listener(listener)
                        .load()) {
            assertEquals(List.of(classifier, ensemble), loaded);
        }
    }

    /** Nobody has it who could close it. */
    @Test
    void aListenerThatRefusesWhatWasLoadedHasItClosed() throws IOException {
        List<Classifier<?, ?>> loaded = new ArrayList<>();
        IllegalStateException thrown = new IllegalStateException("not this one");
        SceneClassifier.Builder builder = quick().listener(new ClassifierListener() {
            @Override
            public void loaded(Classifier<?, ?> classifier) {
                loaded.add(classifier);
                throw thrown;
            }
        });
        assertSame(thrown, assertThrows(IllegalStateException.class, builder::load));
        assertEquals(ClassifierHealth.State.CLOSED, loaded.get(0).health().state());
    }
}
