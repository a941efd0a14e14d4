package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.earshot.backend.GatedBackend;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.ContextException;
import org.earshot.error.DeadlineException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is told of calls: to a listener, to a flight recording, and of which model. */
@Timeout(120)
class ClassifierEventsTest {
    private static final RecordingContext NOWHERE = RecordingContext.unknown();

    @TempDir
    Path temporary;

    private final LinkedBlockingQueue<ClassifierEvent> events = new LinkedBlockingQueue<>();

    private final ClassifierListener listener = new ClassifierListener() {
        @Override
        public void callEnded(ClassifierEvent event) {
            events.add(event);
        }
    };

    private SceneClassifier.Builder builder() throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary)).sessions(1).listener(listener);
    }

    private static AudioClip clip(double seconds) {
        return AudioClip.of(SmallModel.noise(seconds, 1), SmallModel.RATE);
    }

    private ClassifierEvent next() throws InterruptedException {
        ClassifierEvent event = events.poll(60, TimeUnit.SECONDS);
        assertTrue(events.isEmpty(), "one event a call");
        return event;
    }

    private void assertOutcome(ClassifierEvent.Outcome outcome) throws InterruptedException {
        assertEquals(outcome, next().outcome());
    }

    @Test
    void aCallSaysWhereItsTimeGoes() throws Exception {
        Path file = temporary.resolve("noise.wav");
        WavFiles.writeMono16(file, SmallModel.noise(3, 1), SmallModel.RATE);
        try (SceneClassifier classifier = builder().backend("portable").load()) {
            long before = System.nanoTime();
            classifier.classify(file, NOWHERE);
            long whole = System.nanoTime() - before;
            ClassifierEvent event = next();
            assertEquals(ClassifierEvent.Outcome.ANSWERED, event.outcome());
            assertEquals(3, event.windows());
            assertEquals(1, event.batchSize());
            assertEquals(classifier.backend(), event.backend());
            assertEquals(classifier.modelDigest(), event.modelDigest());
            assertEquals("ascmamba", event.architecture());
            assertTrue(
                    event.decodeNanos() > 0 && event.featuresNanos() > 0 && event.networkNanos() > 0, event::toString);
            // The network's layers are most of it, and no time is counted twice.
            assertTrue(event.networkNanos() > event.featuresNanos(), event::toString);
            long sum = event.queuedNanos() + event.decodeNanos() + event.featuresNanos() + event.networkNanos();
            assertTrue(sum <= whole && sum > whole / 2, sum + " of " + whole + ": " + event);
        }
    }

    @Test
    void everyOutcomeIsTold() throws Exception {
        GatedBackend backend = new GatedBackend();
        try (SceneClassifier classifier = new SceneClassifier(builder().maxWaiting(1), () -> List.of(backend));
                backend) {
            classifier.embed(clip(0.3), NOWHERE);
            assertOutcome(ClassifierEvent.Outcome.ANSWERED);
            assertThrows(AudioException.class, () -> classifier.classify(clip(0), NOWHERE));
            assertOutcome(ClassifierEvent.Outcome.REFUSED);
            RecordingContext wrong = RecordingContext.ofCondition(new float[1]);
            assertThrows(ContextException.class, () -> classifier.classify(clip(0.3), wrong));
            assertOutcome(ClassifierEvent.Outcome.REFUSED);
            backend.failWith(new IllegalStateException("a kernel that fails"));
            assertThrows(IllegalStateException.class, () -> classifier.classify(clip(0.3), NOWHERE));
            assertOutcome(ClassifierEvent.Outcome.FAILED);
            backend.failWith(null);

            backend.shut();
            CompletableFuture<ScenePrediction> running =
                    classifier.classifyAsync(clip(0.3), NOWHERE, CallOptions.none());
            while (backend.waiting() == 0) {
                Thread.onSpinWait();
            }
            CompletableFuture<ScenePrediction> queued =
                    classifier.classifyAsync(clip(0.3), NOWHERE, CallOptions.none());
            assertThrows(BusyException.class, () -> classifier.classifyAsync(clip(0.3), NOWHERE, CallOptions.none()));
            assertOutcome(ClassifierEvent.Outcome.BUSY);
            CallOptions soon = CallOptions.none().withDeadline(Duration.ofMillis(30));
            assertThrows(DeadlineException.class, () -> classifier.classify(clip(0.3), NOWHERE, soon));
            ClassifierEvent late = next();
            assertEquals(ClassifierEvent.Outcome.LATE, late.outcome());
            assertEquals(0, late.windows());
            assertTrue(queued.cancel(true));
            assertOutcome(ClassifierEvent.Outcome.CANCELLED);
            assertTrue(running.cancel(true));
            backend.lift();
            assertOutcome(ClassifierEvent.Outcome.CANCELLED);
        }
    }

    /** The answer is the caller's, whatever becomes of a listener. */
    @Test
    void aListenerThatFailsChangesNothing() throws IOException {
        ClassifierListener failing = new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                throw new IllegalStateException("a full disk");
            }
        };
        try (SceneClassifier classifier = builder().listener(failing).load()) {
            assertTrue(classifier.classify(clip(0.3), NOWHERE).probability() > 0);
        }
    }

    /** As a service's operator sees them, who knows their names only. */
    @Test
    void flightRecordingsHoldTheSame() throws Exception {
        Path file = temporary.resolve("calls.jfr");
        String digest;
        try (Recording recording = new Recording()) {
            recording.enable("org.earshot.Classify").withoutThreshold();
            recording.enable("org.earshot.Load").withoutThreshold();
            recording.enable("org.earshot.Batch").withoutThreshold();
            recording.start();
            try (SceneClassifier classifier =
                    builder().batching(2, Duration.ZERO, 1).warmUp(true).load()) {
                digest = classifier.modelDigest();
                classifier.classify(clip(2), NOWHERE);
                assertThrows(AudioException.class, () -> classifier.classify(clip(0), NOWHERE));
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> found = new ArrayList<>(RecordingFile.readAllEvents(file));
        found.removeIf(event -> !event.getEventType().getName().startsWith("org.earshot."));
        RecordedEvent load = one(found, "org.earshot.Load");
        assertEquals(digest, load.getString("modelDigest"));
        assertTrue(load.getBoolean("warmedUp"));
        assertEquals(
                2,
                found.stream().filter(event -> is(event, "org.earshot.Batch")).count());
        List<RecordedEvent> calls = found.stream()
                .filter(event -> is(event, "org.earshot.Classify"))
                .toList();
        assertEquals(
                List.of("ANSWERED", "REFUSED"),
                calls.stream().map(event -> event.getString("outcome")).toList());
        RecordedEvent answered = calls.get(0);
        assertEquals(digest, answered.getString("modelDigest"));
        assertEquals(2, answered.getInt("windows"));
        Duration network = answered.getDuration("network");
        assertTrue(network.toNanos() > 0 && network.compareTo(answered.getDuration()) <= 0, network::toString);
    }

    private static boolean is(RecordedEvent event, String name) {
        return event.getEventType().getName().equals(name);
    }

    private static RecordedEvent one(List<RecordedEvent> events, String name) {
        List<RecordedEvent> named =
                events.stream().filter(event -> is(event, name)).toList();
        assertEquals(1, named.size(), name);
        return named.get(0);
    }

    private static String digest(SceneClassifier.Builder builder) {
        try (SceneClassifier classifier = builder.load()) {
            return classifier.modelDigest();
        }
    }

    @Test
    void aModelIsKnownAgainWhereverItLies() throws IOException {
        Path folder = SmallModel.FOLDER;
        String digest = digest(SceneClassifier.builder(folder));
        assertTrue(digest.matches("[0-9a-f]{64}"), digest);
        assertEquals(digest, digest(SceneClassifier.builder(folder).weights(folder.resolve("model.pth"))));
        // The same fields in another order.
        String json = ModelConfig.read(folder.resolve(ModelDirectory.CONFIG)).json();
        assertNotEquals(Files.readString(folder.resolve(ModelDirectory.CONFIG)), json);
        ByteBuffer weights = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(ModelDirectory.WEIGHTS)));
        assertEquals(digest, digest(SceneClassifier.builder(ModelConfig.parse(json, "memory"), weights)));
    }

    @Test
    void anotherSettingOrValueIsAnotherModel() throws IOException {
        String digest = digest(SceneClassifier.builder(SmallModel.FOLDER));
        assertNotEquals(digest, digest(SceneClassifier.builder(SmallModel.quick(temporary))));
        Path changed = SmallModel.variant(temporary, "\"frames\": 500", "\"frames\": 500");
        Path file = changed.resolve(ModelDirectory.WEIGHTS);
        assertEquals(digest, digest(SceneClassifier.builder(changed)));
        byte[] weights = Files.readAllBytes(file);
        weights[weights.length - 4] ^= 1; // The last digit of one float.
        Files.write(file, weights);
        assertNotEquals(digest, digest(SceneClassifier.builder(changed)));
    }

    @Test
    void anEnsembleIsKnownByItsModelsAndWeights() throws IOException {
        Path one = SmallModel.FOLDER;
        Path other = SmallModel.GOLDEN.resolve("ascmamba-small");
        try (SceneEnsemble equal = SceneEnsemble.builder().add(one).add(other).load();
                SceneEnsemble again =
                        SceneEnsemble.builder().add(one).add(other).load();
                SceneEnsemble weighted =
                        SceneEnsemble.builder().add(one, 2).add(other).load()) {
            assertEquals(equal.modelDigest(), again.modelDigest());
            assertNotEquals(equal.modelDigest(), weighted.modelDigest());
            assertFalse(equal.modelDigest().equals(digest(SceneClassifier.builder(one))));
        }
    }
}
