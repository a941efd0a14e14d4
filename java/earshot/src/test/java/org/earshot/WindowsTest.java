package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.earshot.audio.SampleSource;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.junit.jupiter.api.Test;

class WindowsTest {
    /** 100 frames of 10 samples: a window of one second. */
    private static final FeatureParameters PARAMETERS =
            new FeatureParameters(1000, 32, 20, 10, 4, 50, 500, 100, FeatureParameters.PadMode.CONSTANT, 80);

    /** A source whose sample n is n modulo 2^20, so that a window shows where it was taken. */
    private static final class Counting implements SampleSource {
        private final long samples;
        private long position;

        Counting(long samples) {
            this.samples = samples;
        }

        @Override
        public int read(float[] target, int offset, int length) {
            if (position == samples) {
                return -1;
            }
            int count = (int) Math.min(length, samples - position);
            for (int i = 0; i < count; i++) {
                target[offset + i] = position++ & 0xFFFFF;
            }
            return count;
        }
    }

    private record Window(long first, int length, Duration start) {}

    private static List<Window> windows(long samples, int hop) {
        Windows windows = new Windows(new Counting(samples), "counting", PARAMETERS, hop);
        List<Window> seen = new ArrayList<>();
        while (windows.next()) {
            SoundWindow window = windows.current();
            float[] buffer = window.pcm();
            for (int i = 1; i < window.length(); i++) {
                float step = buffer[i] - buffer[i - 1];
                assertTrue(step == 1 || step == -0xFFFFF, "consecutive samples");
            }
            seen.add(new Window((long) buffer[0], window.length(), window.startTime()));
        }
        assertFalse(windows.next());
        return seen;
    }

    @Test
    void aRecordingWithinTheClipIsOneWindow() {
        for (int samples : new int[] {1, 10, 999, 1000, 1009}) {
            assertEquals(List.of(new Window(0, samples, Duration.ZERO)), windows(samples, 1000));
        }
    }

    @Test
    void aShortRestGetsNoWindow() {
        assertEquals(List.of(new Window(0, 1000, Duration.ZERO)), windows(1099, 1000));
    }

    @Test
    void theLastWindowEndsWithTheRecording() {
        assertEquals(
                List.of(
                        new Window(0, 1000, Duration.ZERO),
                        new Window(1000, 1000, Duration.ofSeconds(1)),
                        new Window(1100, 1000, Duration.ofMillis(1100))),
                windows(2100, 1000));
        assertEquals(2, windows(2000, 1000).size());
    }

    @Test
    void windowsOverlapByTheHop() {
        assertEquals(
                List.of(0L, 250L, 500L, 750L, 1000L),
                windows(2000, 250).stream().map(Window::first).toList());
    }

    @Test
    void hoursAreStreamed() {
        long samples = 10L * 3600 * PARAMETERS.sampleRate();
        List<Window> windows = windows(samples, 1000);
        assertEquals(36_000, windows.size());
        assertEquals(Duration.ofHours(10).minusSeconds(1), windows.get(35_999).start());
    }

    /**
     * A live source, sample by sample: each window comes with its last sample, the first one with the frame behind it.
     */
    @Test
    void aWindowIsThereAsSoonAsItsSamplesAre() {
        int[] arrived = {0};
        int[] read = {0};
        SampleSource live = (target, offset, length) -> {
            int count = Math.min(length, arrived[0] - read[0]);
            for (int i = 0; i < count; i++) {
                target[offset + i] = read[0]++;
            }
            return arrived[0] > 1630 ? -1 : count;
        };
        Windows windows = new Windows(live, "live", PARAMETERS, 250);
        List<Integer> when = new ArrayList<>();
        List<Long> starts = new ArrayList<>();
        for (arrived[0] = 0; arrived[0] <= 1631; arrived[0]++) {
            while (windows.next()) {
                SoundWindow window = windows.current();
                assertEquals(window.start(), (long) window.pcm()[0]);
                assertEquals(window.start() + 999, (long) window.pcm()[999]);
                when.add(arrived[0]);
                starts.add(window.start());
            }
        }
        assertEquals(List.of(1010, 1250, 1500, 1631), when);
        assertEquals(List.of(0L, 250L, 500L, 630L), starts);
    }

    @Test
    void anEmptyRecordingIsAnError() {
        AudioException e = assertThrows(AudioException.class, () -> windows(0, 1000));
        assertEquals("counting: found no samples; expected a recording that is not empty", e.getMessage());
    }
}
