package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.earshot.backend.CudaKernels;
import org.earshot.backend.Precision;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.BackendException;
import org.earshot.network.LayerProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a classifier says of its memory before it takes it, and of its layers. */
class FootprintTest {
    @TempDir
    Path temporary;

    private static SceneClassifier.Builder builder() {
        return SceneClassifier.builder(SmallModel.FOLDER).backend("portable").threads(1);
    }

    /** What the workspace itself takes is held by {@code SessionMemoryTest}. */
    @Test
    void aSessionIsItsWorkspaceAndTheWindowsSamples() {
        try (SceneClassifier classifier = builder().sessions(1).load();
                SceneClassifier hopping =
                        builder().sessions(1).windowHop(Duration.ofSeconds(5)).load()) {
            Footprint footprint = classifier.footprint();
            assertEquals(0, footprint.device());
            assertEquals(footprint.weightsHost() + footprint.sessionHost(), footprint.host());
            // A window of 10 s and the hop behind it lie in one buffer.
            long samples = 5L * SmallModel.RATE * Float.BYTES * footprint.windows();
            assertEquals(footprint.sessionHost() - samples, hopping.footprint().sessionHost());
        }
    }

    /** The file has the weights, and a header and the statistics of batch norms beside them. */
    @Test
    void weightsAreThoseOfTheFile() throws IOException {
        long file = Files.size(SmallModel.FOLDER.resolve("model.safetensors"));
        try (SceneClassifier classifier = builder().load()) {
            long weights = classifier.footprint().weightsHost();
            assertTrue(weights <= file && weights > file / 2, weights + " of " + file);
        }
    }

    @Test
    void batchesAndSessionsCount() {
        try (SceneClassifier one = builder().sessions(1).load();
                SceneClassifier three = builder().sessions(3).load();
                SceneClassifier batched =
                        builder().sessions(1).batching(4, Duration.ZERO, 1).load()) {
            assertEquals(one.footprint().sessionHost(), three.footprint().sessionHost());
            assertEquals(
                    one.footprint().host() + 2 * one.footprint().sessionHost(),
                    three.footprint().host());
            double ratio =
                    (double) batched.footprint().sessionHost() / one.footprint().sessionHost();
            // Four of the eight windows of classifyAll; scratch memory is needed once for all.
            assertTrue(ratio > 0.5 && ratio < 1, "four windows to eight: " + ratio);
            assertEquals(8, one.footprint().windows());
            assertEquals(4, batched.footprint().windows());
        }
    }

    @Test
    void aDeviceHasItsOwn() throws IOException {
        SceneClassifier.Builder builder =
                SceneClassifier.builder(SmallModel.quick(temporary)).sessions(2);
        try (SceneClassifier device =
                        new SceneClassifier(builder, () -> List.of(CudaKernels.start(Precision.FLOAT32)));
                SceneClassifier java = new SceneClassifier(builder, () -> List.of(new PortableBackend(1)))) {
            Footprint footprint = device.footprint();
            assertEquals(0, footprint.weightsHost());
            assertEquals(java.footprint().weightsHost(), footprint.weightsDevice());
            assertTrue(footprint.sessionDevice() > 0);
            assertTrue(footprint.sessionHost() > 0, "staging memory and the window's samples");
            assertEquals(2, footprint.sessions());
        }
    }

    @Test
    void aLimitRefusesWithBothFigures() {
        SceneClassifier.Builder builder = builder().sessions(2).batching(1, Duration.ZERO, 1);
        Footprint footprint;
        try (SceneClassifier classifier = builder.load()) {
            footprint = classifier.footprint();
        }
        builder.memoryLimit(footprint.host()).load().close();
        // Whether batches are asked for or classifyAll takes what there is: one window must fit.
        for (SceneClassifier.Builder too : List.of(builder, builder().sessions(2))) {
            too.memoryLimit(footprint.host() - 1);
            BackendException e = assertThrows(BackendException.class, too::load);
            assertTrue(
                    e.getMessage()
                            .contains(footprint.host() + " bytes needed, " + footprint.weightsHost()
                                    + " for weights and " + footprint.sessionHost() + " for each of 2 sessions"),
                    e.getMessage());
            assertTrue(e.getMessage().contains("at most " + (footprint.host() - 1)), e.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> builder.memoryLimit(0));
    }

    /** What {@code classifyAll} adds counts: it computes fewer windows at once rather than take more memory. */
    @Test
    void aLimitBoundsTheWindowsAtOnce() throws IOException {
        Path model = SmallModel.quick(temporary);
        Supplier<SceneClassifier.Builder> quick = () ->
                SceneClassifier.builder(model).backend("portable").threads(1).sessions(1);
        Footprint three;
        try (SceneClassifier classifier =
                quick.get().batching(3, Duration.ZERO, 1).load()) {
            three = classifier.footprint();
        }
        List<Integer> batches = new ArrayList<>();
        ClassifierListener listener = new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                batches.add(event.batchSize());
            }
        };
        try (SceneClassifier classifier =
                quick.get().listener(listener).memoryLimit(three.host()).load()) {
            assertEquals(three, classifier.footprint());
            AudioClip clip = AudioClip.of(SmallModel.noise(1, 1), SmallModel.RATE);
            List<AudioClip> clips = Collections.nCopies(7, clip);
            assertEquals(
                    7,
                    classifier
                            .classifyAll(clips, Collections.nCopies(7, RecordingContext.unknown()))
                            .size());
        }
        assertEquals(List.of(3), batches);
    }

    @Test
    void aProfileHasEveryLayer() {
        try (SceneClassifier classifier = builder().load();
                SceneEnsemble ensemble = SceneEnsemble.builder()
                        .add(SmallModel.FOLDER)
                        .add(SmallModel.GOLDEN.resolve("ascmamba-small"))
                        .load()) {
            List<LayerProfile> layers = classifier.profile();
            assertEquals("condition", layers.get(0).name());
            assertEquals("logits", layers.get(layers.size() - 1).name());
            assertEquals(10, layers.get(layers.size() - 1).output().extent(-1));
            assertEquals(
                    classifier.footprint().weightsHost(),
                    Float.BYTES
                            * layers.stream()
                                    .mapToLong(LayerProfile::parameters)
                                    .sum());
            assertTrue(layers.stream().allMatch(layer -> layer.time().toNanos() > 0), layers::toString);
            assertEquals(2, ensemble.profiles().size());
            assertEquals(layers.size(), ensemble.profiles().get(1).size());
        }
    }

    @Test
    void aClosedClassifierHasNothing() {
        SceneClassifier classifier = builder().load();
        classifier.close();
        assertThrows(IllegalStateException.class, classifier::footprint);
        assertThrows(IllegalStateException.class, classifier::profile);
    }
}
