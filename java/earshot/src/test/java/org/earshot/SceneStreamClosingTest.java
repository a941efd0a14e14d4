package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.earshot.StreamedSound.HOP;
import static org.earshot.StreamedSound.LATER;
import static org.earshot.StreamedSound.RATE;
import static org.earshot.StreamedSound.XIAN;
import static org.earshot.StreamedSound.classifier;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.earshot.error.ClosedException;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentListener;
import org.earshot.segmentation.SegmentationOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends a stream, and that nothing comes behind its end. */
class SceneStreamClosingTest {
    @TempDir
    Path temporary;

    @Test
    void nothingIsTakenAfterTheClose() throws IOException {
        try (SceneClassifier classifier = classifier(temporary)) {
            SceneStream stream = classifier.stream(XIAN, RATE).open(window -> {});
            stream.close();
            stream.close();
            assertEquals(
                    "the stream is closed",
                    assertThrows(IllegalStateException.class, () -> stream.push(new float[1], 0, 1))
                            .getMessage());
            assertThrows(IllegalStateException.class, () -> stream.push(new short[1], 0, 1));
            assertThrows(IllegalStateException.class, () -> stream.push(ByteBuffer.allocate(2)));
            assertThrows(IllegalStateException.class, stream::flush);
            assertThrows(IllegalStateException.class, stream::reset);
            assertThrows(IllegalStateException.class, () -> stream.gap(HOP));
            assertThrows(IllegalStateException.class, () -> stream.context(LATER));
            SceneStream orphan = classifier.stream(XIAN, RATE).open(window -> {});
            SceneStream.Builder<ScenePrediction> unborn = classifier.stream(XIAN, RATE);
            assertTrue(classifier.close(Duration.ofSeconds(60)));
            assertThrows(ClosedException.class, () -> orphan.push(noise(2, 1), 0, 2 * RATE));
            assertThrows(ClosedException.class, () -> orphan.push(new float[1], 0, 1));
            assertThrows(ClosedException.class, orphan::flush);
            assertThrows(ClosedException.class, () -> orphan.gap(HOP));
            assertThrows(ClosedException.class, () -> unborn.open(window -> {}));
            assertThrows(ClosedException.class, () -> unborn.open(window -> {}, segment -> {}));
        }
    }

    /** A close in the middle of a push: no window after the one that is just being told. */
    @Test
    void closeEndsAPushThatRuns() throws IOException {
        List<Duration> answers = new ArrayList<>();
        SceneStream[] itself = new SceneStream[1];
        try (SceneClassifier classifier = classifier(temporary)) {
            itself[0] = classifier.stream(XIAN, RATE).open(window -> {
                answers.add(window.start());
                if (answers.size() == 2) {
                    itself[0].close();
                }
            });
            itself[0].push(noise(5, 1), 0, 5 * RATE);
            assertEquals(List.of(Duration.ZERO, HOP), answers);
        }
    }

    private static final List<Consumer<SceneStream>> FORBIDDEN = List.of(
            stream -> stream.push(new float[1], 0, 1),
            stream -> stream.push(new short[1], 0, 1),
            stream -> stream.push(ByteBuffer.allocate(2)),
            SceneStream::flush,
            SceneStream::reset,
            stream -> stream.gap(HOP),
            stream -> stream.context(LATER));

    /** On which thread ever it is called, and whoever waits for it: it would wait for itself. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(120)
    void aListenerMayDoNothingButClose(boolean drops) throws IOException {
        SceneStream[] itself = new SceneStream[1];
        List<String> refusals = Collections.synchronizedList(new ArrayList<>());
        try (SceneClassifier classifier = classifier(temporary)) {
            SceneStream.Builder<ScenePrediction> builder = classifier.stream(XIAN, RATE);
            itself[0] = (drops ? builder.dropWhenBusy() : builder).open(window -> {
                for (Consumer<SceneStream> forbidden : FORBIDDEN) {
                    refusals.add(assertThrows(IllegalStateException.class, () -> forbidden.accept(itself[0]))
                            .getMessage());
                }
                itself[0].close();
            });
            itself[0].push(noise(1.1, 1), 0, (int) (1.1 * RATE));
            assertThrows(IllegalStateException.class, () -> {
                while (true) {
                    itself[0].flush();
                }
            });
            classifier.close(Duration.ofDays(1));
        }
        String refusal = "called by a listener of the stream, which may only close it";
        assertEquals(Collections.nCopies(FORBIDDEN.size(), refusal), refusals);
    }

    /** The segment that a window ends, and that of the recording's end. */
    @Test
    void noSegmentIsToldAfterTheClose() throws IOException {
        List<String> told = new ArrayList<>();
        SceneStream[] itself = new SceneStream[1];
        SegmentListener segments = new SegmentListener() {
            @Override
            public void began(SceneSegment soFar) {
                told.add("began");
            }

            @Override
            public void ended(SceneSegment segment) {
                told.add("ended");
            }
        };
        for (Duration last : List.of(Duration.ZERO, Duration.ofMillis(700))) {
            told.clear();
            try (SceneClassifier classifier = classifier(temporary)) {
                itself[0] = classifier.stream(XIAN, RATE)
                        .smoothing(SegmentationOptions.none())
                        .open(
                                window -> {
                                    told.add("window");
                                    if (window.start().compareTo(last) >= 0) {
                                        itself[0].close();
                                        told.clear();
                                    }
                                },
                                segments);
                itself[0].push(noise(1.7, 1), 0, (int) (1.7 * RATE));
                if (last.isZero()) {
                    assertThrows(ClosedException.class, itself[0]::flush);
                } else {
                    itself[0].flush();
                }
                assertEquals(List.of(), told);
            }
        }
    }
}
