package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.backend.Backend;
import org.earshot.backend.CountingBackend;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks that are handed PCM, beside networks that are handed its features. */
class FrontEndTest {
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));

    private final CountingBackend counting = new CountingBackend();

    @TempDir
    Path temporary;

    private SceneClassifier classifier(Backend backend) throws IOException {
        return new SceneClassifier(
                SceneClassifier.builder(SmallModel.quick(temporary))
                        .windowHop(Duration.ofMillis(800))
                        .sessions(1),
                () -> List.of(backend));
    }

    /** What the network says of the features of one window. */
    private static List<ScoredScene> ofFeatures(
            SceneClassifier classifier, float[] recording, ScenePrediction.Window window) {
        int start = samples(window.start());
        float[] pcm = Arrays.copyOfRange(recording, start, start + samples(window.length()));
        FeatureParameters parameters = classifier.config().features();
        LogMel logMel = new LogMel(parameters);
        int frames = parameters.cutFrames(pcm.length);
        float[] features = new float[frames * parameters.melBands()];
        logMel.compute(pcm, 0, pcm.length, features, 0, logMel.scratch());
        return classifier
                .classifyFeatures(features, frames, XIAN)
                .windows()
                .get(0)
                .ranking();
    }

    private static int samples(Duration time) {
        return (int) Math.round(time.toNanos() * 1e-9 * SmallModel.RATE);
    }

    @Test
    void answersAreTheSame() throws IOException {
        try (SceneClassifier fromPcm = classifier(counting);
                SceneClassifier fromFeatures = classifier(new PortableBackend(1))) {
            int runs = 0;
            // Short and shorter clips in turn, so that the session plans anew; then windows, the last moved back.
            for (double seconds : new double[] {1e-4, 0.5, 0.4999, 1e-4, 2.3}) {
                float[] pcm = noise(seconds, 1);
                AudioClip clip = AudioClip.of(pcm, SmallModel.RATE);
                ScenePrediction actual = fromPcm.classify(clip, XIAN);
                for (ScenePrediction.Window window : actual.windows()) {
                    assertEquals(ofFeatures(fromFeatures, pcm, window), window.ranking());
                }
                assertArrayEquals(fromFeatures.embed(clip, XIAN), fromPcm.embed(clip, XIAN));
                runs += 2 * actual.windows().size();
            }
            assertEquals(2 * (4 + 3), runs);
            assertEquals(runs, counting.runs());
        }
    }

    @Test
    void anEmptyClipIsTheSameError() throws IOException {
        try (SceneClassifier fromPcm = classifier(counting)) {
            assertThrows(AudioException.class, () -> fromPcm.classify(new float[0], SmallModel.RATE, XIAN));
        }
    }

    @Test
    void featuresMayStillBeFed() {
        ModelDirectory directory = ModelDirectory.read(SmallModel.FOLDER, null, KeyMap.identity());
        try (PreparedNetwork network = new PreparedNetwork(
                        directory.model().network(),
                        counting,
                        directory.config().features());
                NetworkSession session = network.open()) {
            Map<String, Shape> feeds = Map.of(
                    Network.FEATURES, Shape.of(1, 20, 64, 1),
                    Network.CONDITION, Shape.of(1, directory.model().conditionWidth()));
            session.plan(feeds, List.of(Network.LOGITS));
            session.run();
            assertEquals(0, counting.runs());
        }
    }

    @Test
    void withoutParametersThereIsNoFrontEnd() {
        ModelDirectory directory = ModelDirectory.read(SmallModel.FOLDER, null, KeyMap.identity());
        try (PreparedNetwork network = new PreparedNetwork(directory.model().network(), counting);
                NetworkSession session = network.open()) {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> session.plan(
                            Map.of(Network.PCM, Shape.of(1, 882, 1, 1), Network.CONDITION, Shape.of(1, 32)),
                            List.of(Network.LOGITS)));
            assertEquals("values that are neither fed nor computed by the network: features", e.getMessage());
        }
    }
}
