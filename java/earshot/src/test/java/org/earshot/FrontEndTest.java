package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.earshot.backend.Backend;
import org.earshot.backend.FrontEndBackend;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.AudioException;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backend that makes its features of PCM, beside one that is handed them. */
class FrontEndTest {
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));

    private final FrontEndBackend withFrontEnd = new FrontEndBackend();

    @TempDir
    Path temporary;

    private SceneClassifier classifier(Backend backend) throws IOException {
        return new SceneClassifier(
                SceneClassifier.builder(SmallModel.quick(temporary))
                        .windowHop(Duration.ofMillis(800))
                        .sessions(1),
                () -> List.of(backend));
    }

    @Test
    void answersAreTheSame() throws IOException {
        try (SceneClassifier fromPcm = classifier(withFrontEnd.backend());
                SceneClassifier fromFeatures = classifier(new PortableBackend(1))) {
            int runs = 0;
            // Short and shorter clips in turn, so that the session plans anew; then windows, the last moved back.
            for (double seconds : new double[] {1e-4, 0.5, 0.4999, 1e-4, 2.3}) {
                AudioClip clip = AudioClip.of(noise(seconds, 1), SmallModel.RATE);
                ScenePrediction expected = fromFeatures.classify(clip, XIAN);
                ScenePrediction actual = fromPcm.classify(clip, XIAN);
                assertEquals(expected.ranking(), actual.ranking());
                assertArrayEquals(fromFeatures.embed(clip, XIAN), fromPcm.embed(clip, XIAN));
                runs += 2 * expected.windows().size();
            }
            assertEquals(2 * (4 + 3), runs);
            assertEquals(runs, withFrontEnd.runs());
        }
    }

    @Test
    void anEmptyClipIsTheSameError() throws IOException {
        try (SceneClassifier fromPcm = classifier(withFrontEnd.backend())) {
            assertThrows(AudioException.class, () -> fromPcm.classify(new float[0], SmallModel.RATE, XIAN));
        }
    }

    @Test
    void featuresMayStillBeFed() {
        ModelDirectory directory = ModelDirectory.read(SmallModel.FOLDER, null, KeyMap.identity());
        try (PreparedNetwork network = new PreparedNetwork(
                        directory.model().network(),
                        withFrontEnd.backend(),
                        directory.config().features());
                NetworkSession session = network.open()) {
            Map<String, Shape> feeds = Map.of(
                    Network.FEATURES, Shape.of(1, 20, 64, 1),
                    Network.CONDITION, Shape.of(1, directory.model().conditionWidth()));
            session.plan(feeds, List.of(Network.LOGITS));
            session.run();
            assertEquals(0, withFrontEnd.runs());
        }
    }

    @Test
    void withoutParametersThereIsNoFrontEnd() {
        ModelDirectory directory = ModelDirectory.read(SmallModel.FOLDER, null, KeyMap.identity());
        try (PreparedNetwork network = new PreparedNetwork(directory.model().network(), withFrontEnd.backend());
                NetworkSession session = network.open()) {
            assertFalse(network.takesPcm());
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> session.plan(
                            Map.of(Network.PCM, Shape.of(1, 882, 1, 1), Network.CONDITION, Shape.of(1, 32)),
                            List.of(Network.LOGITS)));
            assertEquals("values that are neither fed nor computed by the network: features", e.getMessage());
        }
    }
}
