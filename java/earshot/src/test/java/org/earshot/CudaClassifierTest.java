package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.earshot.backend.Backend;
import org.earshot.backend.CudaKernels;
import org.earshot.backend.Precision;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.BackendException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The CUDA backend behind the API, PCM in and scenes out, with its kernels executed on the CPU. */
class CudaClassifierTest {
    private static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));
    /** Logits agree to 1e-4 of their spread, which is about 1 here; probabilities change by less than logits do. */
    private static final double TOLERANCE = 1e-4;
    /** Seconds of two lengths, short as a device's kernels are slow on the CPU. */
    private static final double LONG = 0.1;

    private static final double SHORT = 0.06;

    @TempDir
    Path temporary;

    private SceneClassifier.Builder builder() throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary));
    }

    @Test
    void answersAsPlainJavaDoes() throws IOException {
        try (SceneClassifier device =
                        new SceneClassifier(builder(), () -> List.of(CudaKernels.start(Precision.FLOAT32)));
                SceneClassifier java = new SceneClassifier(builder(), () -> List.of(new PortableBackend(1)))) {
            // Other lengths plan anew; equal ones run the first time, are recorded the second, replayed from then on.
            for (double seconds : new double[] {LONG, LONG, LONG, SHORT, LONG}) {
                AudioClip clip = AudioClip.of(SmallModel.noise(seconds, (int) (seconds * 20)), SmallModel.RATE);
                assertSame(java.classify(clip, XIAN), device.classify(clip, XIAN));
            }
        }
    }

    private static void assertSame(ScenePrediction expected, ScenePrediction actual) {
        assertEquals(expected.label(), actual.label());
        assertEquals(expected.probability(), actual.probability(), TOLERANCE);
        assertEquals(expected.windows().size(), actual.windows().size());
    }

    /**
     * Bit for bit, whatever the lengths of the pieces; a recording's windows may run together, a stream's come singly.
     */
    @Test
    void aStreamsAnswersAreThoseOfTheRecording() throws IOException {
        int rate = 48_000;
        float[] sound = StreamedSound.sound(0.31, rate);
        Path file = temporary.resolve("sound.wav");
        WavFiles.writeMono16(file, sound, rate);
        for (int i = 0; i < sound.length; i++) {
            sound[i] = Math.round(Math.max(-1, Math.min(1, sound[i])) * 32767) / 32768f; // as it is read
        }
        Random random = new Random(7);
        try (SceneClassifier device = new SceneClassifier(
                SceneClassifier.builder(SmallModel.variant(temporary, "\"frames\": 500", "\"frames\": 10"))
                        .windowHop(Duration.ofMillis(80)),
                () -> List.of(CudaKernels.start(Precision.FLOAT32)))) {
            List<String> expected =
                    StreamedSound.expected(device.classify(file, XIAN).windows());
            assertEquals(3, expected.stream().distinct().count());
            IntSupplier lengths = () -> random.nextBoolean() ? 1 : 1 + random.nextInt(rate / 7);
            assertEquals(expected, StreamedSound.streamed(device, sound, rate, lengths));
        }
    }

    @Test
    void severalCallersGetTheirOwnAnswers() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(3);
        try (SceneClassifier device =
                new SceneClassifier(builder().sessions(2), () -> List.of(CudaKernels.start(Precision.FLOAT32)))) {
            AudioClip first = AudioClip.of(SmallModel.noise(LONG, 1), SmallModel.RATE);
            AudioClip second = AudioClip.of(SmallModel.noise(SHORT, 2), SmallModel.RATE);
            double ofFirst = device.classify(first, XIAN).probability();
            double ofSecond = device.classify(second, XIAN).probability();
            Callable<Void> call = () -> {
                for (int i = 0; i < 2; i++) {
                    assertEquals(ofFirst, device.classify(first, XIAN).probability());
                    assertEquals(ofSecond, device.classify(second, XIAN).probability());
                }
                return null;
            };
            for (Future<Void> result : callers.invokeAll(List.of(call, call, call))) {
                result.get();
            }
        } finally {
            callers.shutdown();
        }
    }

    /** Three callers whose windows are one batch; each answer is its own. */
    @Test
    void callersOfOneBatchGetTheirOwnAnswers() throws Exception {
        List<Integer> batches = new CopyOnWriteArrayList<>();
        ClassifierListener listener = new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                batches.add(event.batchSize());
            }
        };
        try (SceneClassifier device = new SceneClassifier(
                        builder().sessions(1).batching(3, Duration.ofDays(1), 0).listener(listener),
                        () -> List.of(CudaKernels.start(Precision.FLOAT32)));
                SceneClassifier java = new SceneClassifier(builder(), () -> List.of(new PortableBackend(1)))) {
            List<AudioClip> clips = IntStream.range(0, 3)
                    .mapToObj(i -> AudioClip.of(SmallModel.noise(LONG, i), SmallModel.RATE))
                    .toList();
            List<CompletableFuture<ScenePrediction>> answers = clips.stream()
                    .map(clip -> device.classifyAsync(clip, XIAN, CallOptions.none()))
                    .toList();
            for (int i = 0; i < clips.size(); i++) {
                assertSame(java.classify(clips.get(i), XIAN), answers.get(i).get());
            }
            assertEquals(List.of(3, 3, 3), batches);
        }
    }

    private static List<Backend> bothDevices() {
        return List.of(CudaKernels.start(Precision.FLOAT32, 0), CudaKernels.start(Precision.FLOAT32, 1));
    }

    /** Four callers, two sessions on each of two devices; every answer is the one that a single device gives. */
    @Test
    void sessionsOnSeveralDevicesGiveTheSameAnswers() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try (SceneClassifier one =
                        new SceneClassifier(builder(), () -> List.of(CudaKernels.start(Precision.FLOAT32, 1)));
                SceneClassifier both = new SceneClassifier(builder().sessions(4), CudaClassifierTest::bothDevices)) {
            assertTrue(one.backend().startsWith("cuda[device 1: "), one.backend());
            assertTrue(both.backend().matches("cuda\\[device 0: .*\\], cuda\\[device 1: .*\\]"), both.backend());
            AudioClip clip = AudioClip.of(SmallModel.noise(SHORT, 1), SmallModel.RATE);
            double expected = one.classify(clip, XIAN).probability();
            Callable<Void> call = () -> {
                for (int i = 0; i < 3; i++) {
                    assertEquals(expected, both.classify(clip, XIAN).probability());
                }
                return null;
            };
            for (Future<Void> result : callers.invokeAll(List.of(call, call, call, call))) {
                result.get();
            }
        } finally {
            callers.shutdown();
        }
    }

    @Test
    void ensemblesRunOnSeveralDevicesToo() throws IOException {
        Path model = SmallModel.quick(temporary);
        SceneEnsemble.Builder builder =
                SceneEnsemble.builder().add(model, 2).add(model, 1).sessions(2);
        try (SceneEnsemble both = new SceneEnsemble(builder, CudaClassifierTest::bothDevices);
                SceneClassifier alone =
                        SceneClassifier.builder(model).backend("portable").load()) {
            assertTrue(both.backend().contains("], cuda[device 1: "), both.backend());
            AudioClip clip = AudioClip.of(SmallModel.noise(SHORT, 1), SmallModel.RATE);
            for (int i = 0; i < 2; i++) {
                assertSame(alone.classify(clip, XIAN), both.classify(clip, XIAN).fused());
            }
        }
    }

    @Test
    void everyDeviceHasASession() throws IOException {
        CudaKernels.assumeBuilt();
        SceneClassifier.Builder tooFew = builder().sessions(1);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> new SceneClassifier(tooFew, CudaClassifierTest::bothDevices));
        assertTrue(e.getMessage().contains("one for each device"), e.getMessage());
        int all = Runtime.getRuntime().availableProcessors();
        try (SceneClassifier both = new SceneClassifier(builder().threads(all), CudaClassifierTest::bothDevices)) {
            assertEquals(2, both.sessions());
        }
    }

    @Test
    void choicesOfDevicesThatMakeNoSenseAreRefused() throws IOException {
        SceneClassifier.Builder builder = builder();
        for (int[] devices : new int[][] {{}, {-1}, {0, 0}, {1, 2, 1}}) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> builder.devices(devices));
            assertTrue(e.getMessage().startsWith("devices: ["), e.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> builder.device(-1));
        for (String name : List.of("portable", "auto")) {
            BackendException e = assertThrows(
                    BackendException.class,
                    () -> builder().backend(name).device(0).load());
            assertTrue(e.getMessage().contains("portable: found device 0; expected none"), e.getMessage());
        }
    }

    @Test
    void withoutADeviceTheNamedBackendIsAnErrorWithTheReason() throws IOException {
        CudaKernels.assumeBuilt();
        BackendException e = assertThrows(
                BackendException.class, () -> builder().backend("cuda").load());
        assertTrue(e.getMessage().startsWith("cuda: found kernels compiled for the CPU"), e.getMessage());
    }
}
