package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneStream;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenCommandTest {
    @TempDir
    Path folder;

    private Path model;

    @BeforeEach
    void makeModel() throws IOException {
        model = TestModels.quick(folder.resolve("model"));
    }

    private CommandRun listen(byte[] sound, Object... args) {
        List<Object> words = new ArrayList<>(List.of("listen", "--model", model, "--backend", "portable", "--stdin"));
        words.addAll(List.of(args));
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(sound));
        try {
            return CommandRun.of(words.toArray());
        } finally {
            System.setIn(before);
        }
    }

    private static byte[] shorts(float[] pcm) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * pcm.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float sample : pcm) {
            bytes.putShort((short) Math.round(sample * 0x1p15f));
        }
        return bytes.array();
    }

    private static byte[] floats(float[] pcm) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * pcm.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float sample : pcm) {
            bytes.putFloat(sample);
        }
        return bytes.array();
    }

    /** The lines that the library's segments make, one for each that begins. */
    private List<String> expected(byte[] sound) {
        List<String> lines = new ArrayList<>();
        SegmentListener listener = new SegmentListener() {
            @Override
            public void began(SceneSegment soFar) {
                lines.add(String.format(
                        Locale.ROOT,
                        "0:00:%04.1f  %s  %.3f",
                        soFar.startSeconds(),
                        soFar.label(),
                        soFar.probability()));
            }

            @Override
            public void ended(SceneSegment segment) {
                // Not told.
            }
        };
        try (SceneClassifier classifier =
                        SceneClassifier.builder(model).backend("portable").load();
                SceneStream stream = classifier.stream(RecordingContext.unknown(), Recordings.RATE)
                        .hop(Duration.ofMillis(500))
                        .open(window -> {}, listener)) {
            stream.push(ByteBuffer.wrap(sound));
            stream.flush();
        }
        return lines;
    }

    @Test
    void aLineTellsSinceWhenTheSceneIs() {
        float[] sound = Arrays.copyOf(Recordings.tone(3, 440), 6 * Recordings.RATE);
        System.arraycopy(Recordings.noise(3, 1), 0, sound, 3 * Recordings.RATE, 3 * Recordings.RATE);
        // Such as 16 bits can say exactly.
        for (int i = 0; i < sound.length; i++) {
            sound[i] = Math.round(sound[i] * 0x1p15f) * 0x1p-15f;
        }
        List<String> expected = expected(shorts(sound));
        assertTrue(expected.size() > 0, expected.toString());
        CommandRun run =
                listen(shorts(sound), "--rate", Recordings.RATE, "--hop", "0.5").done();
        assertEquals(expected, run.lines());
        assertTrue(run.err().startsWith("earshot: model " + model + ": SceneClassifier["), run.err());
        assertEquals(
                expected,
                listen(floats(sound), "--rate", Recordings.RATE, "--hop", "0.5", "--format", "f32le")
                        .done()
                        .lines());
    }

    @Test
    void nothingIsToldOfNothing() {
        CommandRun run = listen(new byte[0], "--quiet").done();
        assertEquals("", run.out());
        assertEquals("", run.err());
    }

    @Test
    void halfASampleAtTheEndIsNone() {
        byte[] sound = shorts(Recordings.noise(1.5, 1));
        byte[] odd = Arrays.copyOf(sound, sound.length - 1);
        assertEquals(1, listen(odd, "--rate", Recordings.RATE).done().lines().size());
    }

    @Test
    void wrongOptionsAreRefused() {
        byte[] nothing = {};
        assertTrue(listen(nothing, "--hop", "0").refusedInOneLine().contains("--hop: found 0.0"));
        assertTrue(listen(nothing, "--hop", "30").refusedInOneLine().contains("--hop: window hop PT30S"));
        assertTrue(listen(nothing, "--format", "mp3").refusedInOneLine().contains("--format"));
        assertTrue(listen(nothing, "--device", "x").refusedInOneLine().contains("--device chooses a microphone"));
        assertTrue(listen(nothing, "--rate", "10").failedInOneLine().contains("sample rate of 10 Hz"));
        assertTrue(listen(nothing, "--smoothing", "median:4")
                .refusedInOneLine()
                .contains("expected none, exponential:SECONDS"));
    }

    /** Whatever machine this is, it has no microphone of that name. */
    @Test
    void anUnknownMicrophoneIsRefused() {
        String complaint = CommandRun.of("listen", "--model", model, "--device", "no such thing at all")
                .failedInOneLine();
        assertTrue(complaint.contains("--device no such thing at all: found no such microphone"), complaint);
        assertFalse(complaint.contains("Exception"), complaint);
    }
}
