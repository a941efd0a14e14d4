package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.earshot.StreamedSound.HOP;
import static org.earshot.StreamedSound.LATER;
import static org.earshot.StreamedSound.RATE;
import static org.earshot.StreamedSound.XIAN;
import static org.earshot.StreamedSound.classifier;
import static org.earshot.StreamedSound.demanding;
import static org.earshot.StreamedSound.expected;
import static org.earshot.StreamedSound.push;
import static org.earshot.StreamedSound.sound;
import static org.earshot.StreamedSound.streamed;
import static org.earshot.StreamedSound.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.earshot.backend.CountingBackend;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.ContextException;
import org.earshot.segmentation.SceneSegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a stream answers: what the same samples in a file are answered with. */
class SceneStreamTest {
    private static final int EVERY_SAMPLE = 1;

    @TempDir
    Path temporary;

    private static List<IntSupplier> chunkings(int rate) {
        Random random = new Random(2);
        return List.of(() -> EVERY_SAMPLE, () -> rate / 50, () -> 1 + random.nextInt(rate / 3), () -> 60 * rate);
    }

    @ParameterizedTest
    @CsvSource({
        "portable, 44100",
        "portable, 48000",
        "portable, 8000",
        "portable, 16000",
        "portable, 44056",
        "portable, 96000",
        "cpu, 44100",
        "cpu, 48000",
        "cpu, 8000"
    })
    void answersAreThoseOfTheSameSamplesInOneRecording(String backend, int rate) throws IOException {
        float[] sound = sound(3.3, rate);
        try (SceneClassifier classifier = classifier(temporary, backend)) {
            List<String> expected =
                    expected(classifier.classify(sound, rate, XIAN).windows());
            assertEquals(7, expected.size());
            assertTrue(expected.stream().distinct().count() == 7);
            for (IntSupplier lengths : chunkings(rate)) {
                assertEquals(expected, streamed(classifier, sound, rate, lengths));
            }
        }
    }

    @Test
    void answersAreThoseOfAFile() throws IOException {
        float[] sound = noise(2.15, 3);
        Path file = temporary.resolve("noise.wav");
        WavFiles.writeMono16(file, sound, RATE);
        short[] samples = new short[sound.length];
        ByteBuffer bytes = ByteBuffer.allocate(2 * sound.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < sound.length; i++) {
            samples[i] = (short) Math.round(Math.max(-1, Math.min(1, sound[i])) * 32767);
            bytes.putShort(samples[i]);
        }
        bytes.flip();
        try (SceneClassifier classifier = classifier(temporary)) {
            List<String> expected = expected(classifier.classify(file, XIAN).windows());
            List<String> shorts = new ArrayList<>();
            List<String> pieces = new ArrayList<>();
            try (SceneStream stream = classifier.stream(XIAN, RATE)
                            .open(window -> shorts.add(text(window.start(), window.end(), window.prediction())));
                    SceneStream ofBytes = classifier.stream(XIAN, RATE)
                            .open(window -> pieces.add(text(window.start(), window.end(), window.prediction())))) {
                stream.push(samples, 0, 10_000);
                stream.push(samples, 10_000, samples.length - 10_000);
                stream.flush();
                // As from a channel, whose reads end in the middle of a sample.
                ByteBuffer buffer = ByteBuffer.allocate(1001);
                while (bytes.hasRemaining()) {
                    while (bytes.hasRemaining() && buffer.hasRemaining()) {
                        buffer.put(bytes.get());
                    }
                    buffer.flip();
                    ofBytes.push(buffer);
                    assertTrue(buffer.remaining() < 2);
                    buffer.compact();
                }
                ofBytes.flush();
            }
            assertEquals(expected, shorts);
            assertEquals(expected, pieces);
        }
    }

    /** Short ones, one of exactly a window, one with a short rest, one whose last window overlaps. */
    @ParameterizedTest
    @CsvSource({"0.2", "1", "1.01", "1.05", "1.4", "1.9"})
    void flushEndsItLikeAFile(double seconds) throws IOException {
        float[] sound = noise(seconds, 4);
        try (SceneClassifier classifier = classifier(temporary)) {
            List<String> expected =
                    expected(classifier.classify(sound, RATE, XIAN).windows());
            assertEquals(expected, streamed(classifier, sound, RATE, () -> 1000));
        }
    }

    @Test
    void aBackendWithAFrontEndOfItsOwnGivesItsOwnAnswers() throws IOException {
        SceneClassifier.Builder builder =
                SceneClassifier.builder(SmallModel.quick(temporary)).windowHop(HOP);
        float[] sound = noise(2.2, 5);
        CountingBackend backend = new CountingBackend();
        try (SceneClassifier classifier = new SceneClassifier(builder, () -> List.of(backend))) {
            List<String> expected =
                    expected(classifier.classify(sound, RATE, XIAN).windows());
            int runs = backend.runs();
            assertEquals(expected, streamed(classifier, sound, RATE, () -> 5000));
            assertEquals(2 * runs, backend.runs());
        }
    }

    /** Any distance of windows, also one that is no multiple of the frames', and one that is given to the stream. */
    @ParameterizedTest
    @CsvSource({"20", "333", "1000"})
    void theDistanceOfWindowsMayBeAny(int milliseconds) throws IOException {
        Duration hop = Duration.ofMillis(milliseconds);
        float[] sound = sound(1.6, RATE);
        Path model = SmallModel.quick(temporary);
        try (SceneClassifier like = SceneClassifier.builder(model)
                        .backend("portable")
                        .windowHop(hop)
                        .load();
                SceneClassifier classifier =
                        SceneClassifier.builder(model).backend("portable").load()) {
            List<String> answers = new ArrayList<>();
            try (SceneStream stream = classifier.stream(XIAN, RATE)
                    .hop(hop)
                    .open(window -> answers.add(text(window.start(), window.end(), window.prediction())))) {
                push(stream, sound, () -> 777);
                stream.flush();
            }
            assertEquals(expected(like.classify(sound, RATE, XIAN).windows()), answers);
            SceneStream.Builder<ScenePrediction> builder = classifier.stream(XIAN, RATE);
            assertThrows(IllegalArgumentException.class, () -> builder.hop(Duration.ofMillis(19)));
            assertThrows(IllegalArgumentException.class, () -> builder.hop(Duration.ofMillis(1001)));
        }
    }

    @Test
    void anEnsembleStreamsLikeItClassifies() throws IOException {
        float[] sound = sound(2.3, 48_000);
        try (SceneEnsemble ensemble = SceneEnsemble.builder()
                .add(SmallModel.quick(temporary), 2)
                .add(SmallModel.variant(
                        SmallModel.GOLDEN.resolve("mobile-asc-net-gated"),
                        temporary,
                        "\"frames\": 500",
                        "\"frames\": 50"))
                .backend("portable")
                .windowHop(HOP)
                .load()) {
            EnsemblePrediction expected = ensemble.classify(sound, 48_000, XIAN);
            List<String> fused = new ArrayList<>();
            List<String> members = new ArrayList<>();
            List<SceneSegment> segments = new ArrayList<>();
            try (SceneStream stream = ensemble.stream(XIAN, 48_000)
                    .open(
                            window -> {
                                fused.add(text(
                                        window.start(),
                                        window.end(),
                                        window.prediction().fused()));
                                members.add(window.prediction().answers().toString());
                            },
                            segments::add)) {
                push(stream, sound, () -> 4800);
                stream.flush();
            }
            assertEquals(expected(expected.fused().windows()), fused);
            assertEquals(
                    expected.windows().stream()
                            .map(window -> window.answers().toString())
                            .toList(),
                    members);
            assertEquals(expected.segments().get(0).start(), segments.get(0).start());
        }
    }

    @Test
    void aSampleThatIsNoNumberIsRefusedAndTheStreamGoesOn() throws IOException {
        float[] sound = noise(2, 6);
        float[] damaged = sound.clone();
        damaged[50_100] = Float.NaN;
        List<String> answers = new ArrayList<>();
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE)
                        .open(window -> answers.add(text(window.start(), window.end(), window.prediction())))) {
            stream.push(sound, 0, 50_000);
            AudioException e = assertThrows(AudioException.class, () -> stream.push(damaged, 50_000, 10_000));
            assertEquals(AudioException.Reason.DAMAGED, e.reason());
            assertTrue(e.getMessage().contains("sample NaN at frame 50100 (1.136 s)"), e.getMessage());
            stream.push(sound, 50_000, sound.length - 50_000);
            stream.flush();
            assertEquals(expected(classifier.classify(sound, RATE, XIAN).windows()), answers);
        }
    }

    @Test
    void rangesAndRatesAreChecked() throws IOException {
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE).open(window -> {})) {
            assertThrows(IndexOutOfBoundsException.class, () -> stream.push(new float[3], 2, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> stream.push(new short[3], -1, 2));
            assertThrows(IllegalArgumentException.class, () -> stream.gap(Duration.ofMillis(-1)));
            for (int rate : new int[] {0, -1, 999, 2_000_000}) {
                AudioException e = assertThrows(AudioException.class, () -> classifier.stream(XIAN, rate)
                        .open(window -> {}));
                assertTrue(e.getMessage().startsWith("stream: found a sample rate of " + rate + " Hz"), e.getMessage());
            }
            stream.push(new float[0], 0, 0);
            stream.flush();
            stream.flush();
        }
    }

    @Test
    void silenceIsAnsweredLikeAnySound() throws IOException {
        List<ScenePrediction> answers = new ArrayList<>();
        try (SceneClassifier classifier = classifier(temporary, "cpu");
                SceneStream stream = classifier.stream(XIAN, 8000)
                        .hop(Duration.ofSeconds(1))
                        .open(window -> answers.add(window.prediction()))) {
            float[] second = new float[8000];
            for (int i = 0; i < 3600 / 10; i++) {
                stream.push(second, 0, second.length);
            }
            stream.flush();
            assertEquals(360, answers.size());
            String first = answers.get(0).ranking().toString();
            assertTrue(answers.stream()
                    .allMatch(answer -> answer.ranking().toString().equals(first)));
            assertTrue(Float.isFinite(answers.get(0).probability()));
        }
    }

    /** Before and after the gap there are two recordings; time goes on. */
    @Test
    void noWindowReachesAcrossAGap() throws IOException {
        float[] before = sound(1.7, 48_000);
        float[] after = noise(1.5, 8);
        List<String> answers = new ArrayList<>();
        List<SceneSegment> segments = new ArrayList<>();
        try (SceneClassifier classifier = demanding(temporary);
                SceneStream stream = classifier.stream(XIAN, 48_000)
                        .open(
                                window -> answers.add(text(window.start(), window.end(), window.prediction())),
                                segments::add)) {
            push(stream, before, () -> 960);
            stream.gap(Duration.ofMillis(2300));
            // Too short for any network; time all the same.
            stream.push(after, 0, 48);
            stream.gap(Duration.ofMillis(999));
            push(stream, after, () -> 961);
            stream.flush();
            List<String> expected = new ArrayList<>(
                    expected(classifier.classify(before, 48_000, XIAN).windows()));
            for (ScenePrediction.Window window :
                    classifier.classify(after, 48_000, XIAN).windows()) {
                Duration start = window.start().plusSeconds(5);
                expected.add(start + " to " + start.plus(window.length()) + " " + window.ranking());
            }
            assertEquals(expected, answers);
            assertTrue(segments.stream()
                    .noneMatch(segment ->
                            segment.start().toMillis() < 1700 && segment.end().toMillis() > 1700));
            assertEquals(
                    Duration.ofSeconds(5),
                    segments.stream()
                            .map(SceneSegment::start)
                            .filter(start -> start.toMillis() > 1700)
                            .findFirst()
                            .orElseThrow());
        }
    }

    @Test
    void anEndThatIsTooShortIsAnErrorAsAFileIs() throws IOException {
        try (SceneClassifier classifier = demanding(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE).open(window -> {})) {
            float[] tooShort = noise(0.001, 1);
            String expected = assertThrows(AudioException.class, () -> classifier.classify(tooShort, RATE, XIAN))
                    .getMessage();
            stream.push(tooShort, 0, tooShort.length);
            AudioException e = assertThrows(AudioException.class, stream::flush);
            assertEquals(expected.replaceFirst("^pcm", "stream"), e.getMessage());
            stream.flush();
        }
    }

    /** The context holds for windows that are complete after its change. */
    @Test
    void theContextMayChange() throws IOException {
        float[] sound = noise(2.6, 9);
        List<String> answers = new ArrayList<>();
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE)
                        .open(window -> answers.add(text(window.start(), window.end(), window.prediction())))) {
            int change = (int) (1.5 * RATE);
            stream.push(sound, 0, change);
            stream.context(LATER);
            assertThrows(ContextException.class, () -> stream.context(RecordingContext.ofCondition(new float[3])));
            stream.push(sound, change, sound.length - change);
            stream.flush();
            List<String> xian = expected(classifier.classify(sound, RATE, XIAN).windows());
            List<String> later =
                    expected(classifier.classify(sound, RATE, LATER).windows());
            assertNotEquals(xian.get(2), later.get(2));
            assertEquals(xian.subList(0, 2), answers.subList(0, 2));
            assertEquals(later.subList(2, later.size()), answers.subList(2, answers.size()));
        }
    }

    @Test
    void resetBeginsAgain() throws IOException {
        float[] sound = noise(1.8, 10);
        List<String> answers = new ArrayList<>();
        List<SceneSegment> segments = new ArrayList<>();
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, 48_000)
                        .open(
                                window -> answers.add(text(window.start(), window.end(), window.prediction())),
                                segments::add)) {
            stream.push(sound(1.3, 48_000), 0, (int) (1.3 * 48_000));
            stream.reset();
            answers.clear();
            push(stream, sound, () -> 3000);
            assertEquals(List.of(), segments);
            stream.flush();
            assertEquals(expected(classifier.classify(sound, 48_000, XIAN).windows()), answers);
        }
    }

    /** However often: what follows has times that can be counted, and written. */
    @Test
    void gapsAddUpToAHundredYears() throws IOException {
        List<Duration> starts = new ArrayList<>();
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream =
                        classifier.stream(XIAN, RATE).open(window -> starts.add(window.start()), segment -> {})) {
            assertThrows(IllegalArgumentException.class, () -> stream.gap(Duration.ofSeconds(Long.MAX_VALUE)));
            assertThrows(IllegalArgumentException.class, () -> stream.gap(ChronoUnit.FOREVER.getDuration()));
            Duration century = Duration.ofDays(36_525);
            stream.gap(century);
            assertEquals(
                    "gap: PT0.000000001S; expected at most PT0S, so that the stream's time stays below a hundred years",
                    assertThrows(IllegalArgumentException.class, () -> stream.gap(Duration.ofNanos(1)))
                            .getMessage());
            stream.push(noise(1, 1), 0, RATE);
            stream.flush();
            assertEquals(List.of(century), starts);
        }
    }

    @Test
    void anInterruptedThreadComputesNoWindow() throws IOException {
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE).open(window -> {})) {
            Thread.currentThread().interrupt();
            assertThrows(CancelledException.class, () -> stream.push(noise(1.1, 1), 0, (int) (1.1 * RATE)));
            assertTrue(Thread.interrupted());
        }
    }

    /**
     * Pushes that complete no window allocate nothing; one that does, the answer and what a call of the network takes
     * (SessionMemoryTest: 2 KiB), in all no more than 8 KiB.
     */
    @ParameterizedTest
    @CsvSource({"portable, 44100", "cpu, 48000"})
    void theSteadyStateAllocatesTheAnswersOnly(String backend, int rate) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        int piece = rate / 50;
        float[] sound = sound(1, rate);
        int[] windows = {0};
        try (SceneClassifier classifier = classifier(temporary, backend);
                SceneStream stream = classifier.stream(XIAN, rate).open(window -> windows[0]++)) {
            long quiet = 0;
            long answers = 0;
            int answered = 0;
            for (int i = 0; i < 2000; i++) {
                int before = windows[0];
                long allocated = threads.getThreadAllocatedBytes(thread);
                stream.push(sound, i % 50 * piece, piece);
                long each = threads.getThreadAllocatedBytes(thread) - allocated;
                if (i < 1000) {
                    continue;
                }
                if (windows[0] == before) {
                    quiet += each;
                } else {
                    answers += each;
                    answered++;
                }
            }
            assertEquals(50, answered);
            assertEquals(0, quiet);
            assertTrue(answers / answered < 8192, answers / answered + " bytes an answer");
        }
    }
}
