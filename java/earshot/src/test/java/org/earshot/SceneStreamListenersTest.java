package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.earshot.StreamedSound.HOP;
import static org.earshot.StreamedSound.RATE;
import static org.earshot.StreamedSound.XIAN;
import static org.earshot.StreamedSound.classifier;
import static org.earshot.StreamedSound.expected;
import static org.earshot.StreamedSound.sound;
import static org.earshot.StreamedSound.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentListener;
import org.earshot.segmentation.SegmentationOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What listeners of a stream are told, and what they may throw. */
class SceneStreamListenersTest {
    @TempDir
    Path temporary;

    /** A listener that fails costs its window and nothing else. */
    @ParameterizedTest
    @MethodSource("org.earshot.CallersCodeTest#thrown")
    void allSamplesAreTakenWhateverAListenerThrows(Throwable thrown) throws IOException {
        float[] sound = noise(2.2, 12);
        List<String> answers = new ArrayList<>();
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE).open(window -> {
                    if (window.start().equals(HOP)) {
                        throw Thrown.again(thrown);
                    }
                    answers.add(text(window.start(), window.end(), window.prediction()));
                })) {
            assertSame(thrown, assertThrows(Throwable.class, () -> stream.push(sound, 0, sound.length)));
            stream.flush();
            List<String> expected = new ArrayList<>(
                    expected(classifier.classify(sound, RATE, XIAN).windows()));
            expected.remove(1);
            assertEquals(expected, answers);
        }
    }

    /** One window is held up while three more become complete: they are left out, and the rest has its answers. */
    @Test
    void windowsAreDroppedWhileOneIsComputed() throws Exception {
        float[] sound = sound(3.4, RATE);
        List<String> answers = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE)
                        .dropWhenBusy()
                        .open(window -> {
                            begun.countDown();
                            await(goOn);
                            answers.add(text(window.start(), window.end(), window.prediction()));
                        })) {
            int first = (int) (1.1 * RATE);
            stream.push(sound, 0, first);
            await(begun);
            int second = (int) (2.35 * RATE);
            stream.push(sound, first, second - first);
            assertEquals(3, stream.dropped());
            goOn.countDown();
            stream.flush();
            // The recording that the flush ended is of 2.35 s, whose last window ends there.
            List<String> expected = expected(classifier
                    .classify(Arrays.copyOf(sound, second), RATE, XIAN)
                    .windows());
            assertEquals(List.of(expected.get(0), expected.get(expected.size() - 1)), answers);
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.CallersCodeTest#thrown")
    void whatGoesWrongInTheBackgroundIsThrownByTheFlush(Throwable thrown) throws IOException {
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE)
                        .dropWhenBusy()
                        .open(window -> {
                            throw Thrown.again(thrown);
                        })) {
            stream.push(noise(1.05, 1), 0, (int) (1.05 * RATE));
            assertSame(thrown, assertThrows(Throwable.class, stream::flush));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void segmentsAreToldWhenTheyBeginAndWhenTheyEnd() throws IOException {
        List<String> told = new ArrayList<>();
        SegmentListener listener = new SegmentListener() {
            @Override
            public void began(SceneSegment soFar) {
                told.add("began " + soFar.start().toMillis() + " " + soFar.label());
            }

            @Override
            public void ended(SceneSegment segment) {
                told.add("ended " + segment.end().toMillis() + " " + segment.label());
            }
        };
        float[] sound = noise(1.6, 1);
        try (SceneClassifier classifier = classifier(temporary);
                SceneStream stream = classifier.stream(XIAN, RATE)
                        .smoothing(SegmentationOptions.none())
                        .open(window -> {}, listener)) {
            String label = classifier.classify(sound, RATE, XIAN).label();
            stream.push(sound, 0, sound.length);
            assertEquals(List.of("began 0 " + label), told);
            stream.flush();
            assertEquals(List.of("began 0 " + label, "ended 1600 " + label), told);
        }
    }

    @Test
    void whatIsMissingIsNamedWhenItIsOpened() throws IOException {
        try (SceneClassifier classifier = classifier(temporary)) {
            SceneStream.Builder<ScenePrediction> builder = classifier.stream(XIAN, RATE);
            assertEquals(
                    "listener",
                    assertThrows(NullPointerException.class, () -> builder.open(null))
                            .getMessage());
            assertEquals(
                    "segments",
                    assertThrows(NullPointerException.class, () -> builder.open(window -> {}, null))
                            .getMessage());
        }
    }
}
