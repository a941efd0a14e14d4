package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.earshot.ChildProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MonoReaderTest {
    /** A stream that does not keep to what is asked of one. */
    private record Odd(int sampleRate, int channels, int frames, AtomicBoolean closed) implements AudioStream {
        @Override
        public int read(float[] interleaved, int offset, int wanted) {
            return frames;
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }

    /** A decoder may be anybody's: what it does wrong is said in its name, and nobody waits for it. */
    @Timeout(60)
    @ParameterizedTest
    @CsvSource({
        "44100, 1, 0, '.read() gave 0 frames; expected 1 to 100, or -1 at the end'",
        "44100, 2, 0, '.read() gave 0 frames; expected 1 to 100, or -1 at the end'",
        "44100, 1, 101, '.read() gave 101 frames; expected 1 to 100, or -1 at the end'",
        "44100, 3, 101, '.read() gave 101 frames; expected 1 to 100, or -1 at the end'",
        "44100, 0, -1, '.channels() gave 0; expected at least 1'",
        "44100, -1, 1, '.channels() gave -1; expected at least 1'",
    })
    void streamsAreHeldToTheirContract(int sampleRate, int channels, int frames, String said) {
        Odd odd = new Odd(sampleRate, channels, frames, new AtomicBoolean());
        AudioDecoder decoder = new AudioDecoder() {
            @Override
            public Set<AudioFormat> formats() {
                return Set.of(AudioFormat.FLAC);
            }

            @Override
            public AudioStream open(AudioInput input) {
                return odd;
            }
        };
        byte[] flac = "fLaC and so on".getBytes(StandardCharsets.US_ASCII);
        List<Supplier<AudioStream>> ways =
                List.of(() -> odd, () -> AudioFiles.open(flac, "odd", AudioLimits.defaults(), decoder));
        for (Supplier<AudioStream> way : ways) {
            odd.closed.set(false);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> {
                try (MonoReader reader = MonoReader.of(way.get(), "odd", 44_100)) {
                    reader.read(new float[100], 0, 100);
                }
            });
            assertEquals(Odd.class.getName() + said, e.getMessage());
            assertTrue(odd.closed.get());
        }
    }

    /** A recording that is computed as it is read. */
    private static final class Synthetic implements AudioStream {
        private final int sampleRate;
        private final int channels;
        private final long frames;
        private final long badFrame;
        private final float bad;
        private long position;
        private int closed;

        Synthetic(int sampleRate, int channels, long frames) {
            this(sampleRate, channels, frames, -1, 0);
        }

        Synthetic(int sampleRate, int channels, long frames, long badFrame, float bad) {
            this.sampleRate = sampleRate;
            this.channels = channels;
            this.frames = frames;
            this.badFrame = badFrame;
            this.bad = bad;
        }

        @Override
        public int sampleRate() {
            return sampleRate;
        }

        @Override
        public int channels() {
            return channels;
        }

        @Override
        public int read(float[] interleaved, int offset, int wanted) {
            int count = (int) Math.min(wanted, frames - position);
            for (int i = 0; i < count * channels; i++) {
                interleaved[offset + i] = i % channels * 0.25f;
            }
            if (badFrame >= position && badFrame < position + count) {
                interleaved[offset + (int) (badFrame - position) * channels + channels - 1] = bad;
            }
            position += count;
            return count == 0 ? -1 : count;
        }

        @Override
        public void close() {
            closed++;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void averagesTheChannels(int channels) {
        Synthetic stream = new Synthetic(8000, channels, 20_000);
        try (MonoReader reader = MonoReader.of(stream, "several", 8000)) {
            float[] samples = new float[30_000];
            assertEquals(20_000, reader.read(samples, 0, 30_000));
            float[] expected = new float[20_000];
            Arrays.fill(expected, 0.25f * (channels - 1) / 2);
            assertArrayEquals(expected, Arrays.copyOf(samples, 20_000));
            assertEquals(-1, reader.read(samples, 0, 1));
        }
        assertEquals(1, stream.closed);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void namesTheFirstSampleThatIsNoNumber(int channels) {
        String where = channels == 1 ? "" : ", channel " + channels + " of " + channels;
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e10f}) {
            try (MonoReader reader =
                    MonoReader.of(new Synthetic(8000, channels, 50_000, 20_000, bad), "street.wav", 44_100)) {
                Refusals.assertRefused(
                        "street.wav",
                        "sample " + bad + " at frame 20000 (2.500 s)" + where,
                        () -> reader.read(new float[200_000], 0, 200_000));
            }
        }
    }

    @Test
    void ratesThatCannotBeConvertedAreRefusedAndTheStreamIsClosed() {
        for (int rate : new int[] {0, -1, 10, Integer.MAX_VALUE}) {
            Synthetic stream = new Synthetic(rate, 1, 10);
            Refusals.assertRefused("odd.wav", rate + " Hz", () -> MonoReader.of(stream, "odd.wav", 44_100));
            assertEquals(1, stream.closed);
        }
    }

    @Test
    void anOddRateNeedsNoConversionToItself() {
        try (MonoReader reader = MonoReader.of(new Synthetic(10, 1, 5), "slow.wav", 10)) {
            assertEquals(5, reader.read(new float[10], 0, 10));
        }
    }

    /** Ten hours of float samples are 144 MB even at 1 kHz; a process with a heap of 16 MB resamples them all. */
    @Test
    void tenHoursFitASmallHeap(@TempDir Path folder) throws IOException, InterruptedException {
        int seconds = 10 * 3600;
        Path file = WavBytes.riff()
                .fmt(1, 1, 1000, 8)
                .id("data")
                .u32(1000L * seconds)
                .write(folder);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            // All but the last byte is a hole that takes no room on the disk.
            channel.write(ByteBuffer.allocate(1), channel.size() + 1000L * seconds - 1);
        }
        // Without JavaCPP, and so without native code.
        List<String> command = List.of(
                ChildProcess.java(),
                "-Xmx16m",
                "-cp",
                Path.of("target", "classes") + File.pathSeparator + Path.of("target", "test-classes"),
                CountSamples.class.getName(),
                file.toString());
        assertEquals(
                1500L * seconds,
                Long.parseLong(ChildProcess.run(command).output().strip()));
    }

    /** The other process: prints how many samples a file has at 1.5 kHz. */
    static final class CountSamples {
        private CountSamples() {}

        public static void main(String[] arguments) {
            try (MonoReader reader = MonoReader.open(Path.of(arguments[0]), 1500)) {
                float[] block = new float[8192];
                long total = 0;
                for (int read = 0; read >= 0; read = reader.read(block, 0, block.length)) {
                    total += read;
                }
                System.out.println(total);
            }
        }
    }
}
