package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.earshot.AudioClip;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What WAV headers say wrongly or in rare ways. */
class WavCodingsTest {
    @TempDir
    private Path folder;

    /** Every code, against libsndfile's values: see tools/reference/fixtures/audio_damage.py. */
    @ParameterizedTest
    @ValueSource(strings = {"alaw", "ulaw"})
    void expandsEveryCodeOfG711(String law) throws IOException {
        float[] samples = AudioClip.read(resource("wav-" + law + ".wav"), law).pcm();
        ByteBuffer expected = ByteBuffer.wrap(resource("wav-" + law + ".f32")).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(256, samples.length);
        for (float sample : samples) {
            assertEquals(expected.getFloat(), sample);
        }
    }

    /** The bytes of a frame are redundant: whatever they say, channels and bits decide. */
    @ParameterizedTest
    @ValueSource(ints = {8, 16, 24, 32})
    void theBytesOfAFrameDoNotMatter(int bits) throws IOException {
        int bytes = bits / 8;
        for (int channels = 1; channels <= 3; channels++) {
            float[] expected = WavBytes.read(noise(channels, bits, channels * bytes));
            assertEquals(60 * channels, expected.length);
            for (int frameBytes : new int[] {0, 1, bytes, 3, 7, 4 * channels, 6 * channels, 65_535}) {
                assertArrayEquals(expected, WavBytes.read(noise(channels, bits, frameBytes)), frameBytes + " bytes");
            }
        }
    }

    /** Data that no container fits: every byte is used. */
    private Path noise(int channels, int bits, int frameBytes) throws IOException {
        int[] data = new int[60 * channels * bits / 8];
        for (int i = 0; i < data.length; i++) {
            data[i] = 1 + (i * 73 + i / 7) % 250;
        }
        return header(1, channels, frameBytes, bits)
                .id("data")
                .u32(data.length)
                .u8(data)
                .write(folder);
    }

    private static WavBytes header(int tag, int channels, int frameBytes, int bits) {
        return WavBytes.riff()
                .id("fmt ")
                .u32(16)
                .u16(tag, channels)
                .u32(8000, 0)
                .u16(frameBytes, bits);
    }

    /** 24 bits (or 20) in four bytes: justified to either side, or packed although the header denies it. */
    @ParameterizedTest
    @CsvSource({"24", "20"})
    void containersAreWhatTheDataBearOut(int bits) throws IOException {
        int[] values = {0x123400, -0x123400, 0x7fffff, -0x800000, 0x000100, -1 & 0xfffff0};
        for (int channels = 1; channels <= 2; channels++) {
            WavBytes left = header(1, channels, 4 * channels, bits).id("data").u32(24);
            WavBytes right = header(1, channels, 4 * channels, bits).id("data").u32(24);
            WavBytes packed = header(1, channels, 4 * channels, bits).id("data").u32(18);
            WavBytes wider = header(1, channels, 4 * channels, 32).id("data").u32(24);
            float[] expected = new float[6];
            for (int i = 0; i < 6; i++) {
                int value = (values[i] << 8) >> 8;
                expected[i] = value * 0x1p-23f;
                left.u32((long) value << 8);
                wider.u32((long) value << 8);
                right.u32(value);
                packed.u8(value, value >> 8, value >> 16);
            }
            assertArrayEquals(expected, WavBytes.read(left.write(folder)));
            assertArrayEquals(expected, WavBytes.read(right.write(folder)));
            assertArrayEquals(expected, WavBytes.read(packed.write(folder)));
            assertArrayEquals(expected, WavBytes.read(wider.write(folder)));
        }
    }

    /** WAVE_FORMAT_EXTENSIBLE: as libsndfile does, the container's bits decide, never the valid ones. */
    @ParameterizedTest
    @CsvSource({"16, 12", "16, 0", "16, 24", "24, 20", "24, 33", "32, 24", "32, 1", "8, 7"})
    void validBitsDoNotMatter(int bits, int valid) throws IOException {
        int bytes = bits / 8;
        WavBytes wav = WavBytes.riff()
                .id("fmt ")
                .u32(40)
                .u16(0xfffe, 1)
                .u32(8000, 8000L * bytes)
                .u16(bytes, bits, 22, valid)
                .u32(0)
                .u32(1)
                .u8(0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71)
                .id("data")
                .u32(2L * bytes);
        for (int i = 0; i < 2 * bytes; i++) {
            wav.u8(i % bytes == bytes - 1 ? i < bytes ? 0x40 : 0xc0 : 0);
        }
        assertArrayEquals(
                bits == 8 ? new float[] {-0.5f, 0.5f} : new float[] {0.5f, -0.5f}, WavBytes.read(wav.write(folder)));
    }

    /** Without FFmpeg the coding is named, and what decodes it. */
    @ParameterizedTest
    @CsvSource({
        "2, Microsoft ADPCM",
        "0x11, IMA ADPCM",
        "0x31, GSM 6.10",
        "0x55, MP3",
        "0x45, G.726 ADPCM",
        "0x1234, coding that is not known"
    })
    void otherCodingsAreNamed(String tag, String name) throws IOException {
        Path file = header(Integer.decode(tag), 1, 256, 4).id("data").u32(0).write(folder);
        AudioException e = assertThrows(AudioException.class, () -> AudioFiles.open(file));
        assertEquals(AudioException.Reason.UNAVAILABLE, e.reason());
        assertTrue(e.getMessage().contains(name), e.getMessage());
        assertTrue(e.getMessage().contains("earshot-ffmpeg"), e.getMessage());
    }

    @Test
    void chunksWithoutPaddingAreFound() throws IOException {
        for (boolean padded : new boolean[] {true, false}) {
            WavBytes wav = WavBytes.riff().id("LIST").u32(3).u8(1, 2, 3);
            wav = (padded ? wav.u8(0) : wav)
                    .fmt(1, 1, 8000, 16)
                    .id("note")
                    .u32(1)
                    .u8(9);
            wav = (padded ? wav.u8(0) : wav).id("data").u32(4).u16(0x4000, 0x2000);
            assertArrayEquals(new float[] {0.5f, 0.25f}, WavBytes.read(wav.write(folder)));
        }
    }

    /** A size whose lowest byte is a letter reads like the end of an identifier one byte further on. */
    @ParameterizedTest
    @ValueSource(strings = {"LIST", "fact", "junk"})
    void chunksWithoutPaddingAreFoundWhateverTheirSizes(String next) throws IOException {
        for (int bytes = ' '; bytes <= '~'; bytes += 2) {
            WavBytes wav = WavBytes.riff()
                    .id("bext")
                    .u32(3)
                    .u8(1, 2, 3)
                    .id(next)
                    .u32(bytes + 1)
                    .u8(new int[bytes + 1])
                    .fmt(1, 1, 8000, 16)
                    .id("LIST")
                    .u32(1)
                    .u8(9)
                    .id("data")
                    .u32(bytes)
                    // Silence, so that the size that would be read one byte further on is a small one.
                    .u8(new int[bytes]);
            assertEquals(bytes / 2, WavBytes.read(wav.write(folder)).length, next + " of " + bytes);
        }
    }

    /** What fills up to an even length should be zero, but is whatever the writer's memory held. */
    @Test
    void paddingMayBeAnyByte() throws IOException {
        for (int padding = 0; padding < 256; padding++) {
            WavBytes wav = WavBytes.riff()
                    .id("LIST")
                    .u32(3)
                    .u8(1, 2, 3, padding)
                    .fmt(1, 1, 8000, 16)
                    .id("note")
                    .u32(1)
                    .u8(9, padding)
                    .id("data")
                    .u32(4)
                    .u16(0x4000, 0x2000);
            assertArrayEquals(new float[] {0.5f, 0.25f}, WavBytes.read(wav.write(folder)), "padding " + padding);
        }
    }

    @Test
    void aFileThatBreaksOffSaysWhatIsMissing() throws IOException {
        Path file = WavBytes.riff()
                .fmt(1, 2, 8000, 16)
                .id("data")
                .u32(4000)
                .u16(1, 2, 3, 4)
                .write(folder);
        AudioClip clip = AudioClip.read(file);
        assertEquals(2, clip.samples());
        assertEquals(1, clip.losses().size());
        AudioLoss loss = clip.losses().get(0);
        assertEquals(Duration.ofNanos(250_000), loss.at());
        assertEquals(Samples.duration(998, 8000), loss.length());
        AudioException e = assertThrows(
                AudioException.class,
                () -> AudioClip.read(file, AudioLimits.defaults().withStrict(true)));
        assertEquals(AudioException.Reason.DAMAGED, e.reason());
    }

    /** FFmpeg plays the last data chunk, libsndfile refuses the file: whoever reads the first says so. */
    @Test
    void soundBehindTheFirstDataChunkIsSaid() throws IOException {
        WavBytes first = WavBytes.riff().fmt(1, 1, 8000, 16).id("data").u32(4).u16(0x4000, 0x2000);
        assertAll(
                () -> assertSaid(first.copy().id("data").u32(6).u16(1, 2, 3), 3),
                () -> assertSaid(
                        first.copy()
                                .id("LIST")
                                .u32(3)
                                .u8(1, 2, 3, 0)
                                .id("data")
                                .u32(2)
                                .u16(1),
                        1),
                // cat a.wav b.wav
                () -> assertSaid(
                        first.copy()
                                .id("RIFF")
                                .u32(40)
                                .id("WAVE")
                                .fmt(1, 1, 8000, 16)
                                .id("data")
                                .u32(4)
                                .u16(1, 2),
                        2),
                // Only what the file holds is counted.
                () -> assertSaid(first.copy().id("data").u32(0xffff_fff0L).u16(1, 2, 3, 4), 4));
    }

    /** What stands behind the sound in honest files, and rubbish, is no sound. */
    @Test
    void whatIsNoSoundBehindTheDataIsPassedOver() throws IOException {
        WavBytes first = WavBytes.riff().fmt(1, 1, 8000, 16).id("data").u32(4).u16(0x4000, 0x2000);
        for (WavBytes wav : List.of(
                first.copy(),
                first.copy().id("LIST").u32(4).id("INFO"),
                first.copy().id("RIFF").u32(0),
                first.copy().u8(0, 255, 7),
                first.copy().u32(0xffff_ffffL, 0xffff_ffffL, 0))) {
            AudioClip clip =
                    AudioClip.read(wav.write(folder), AudioLimits.defaults().withStrict(true));
            assertEquals(2, clip.samples());
        }
    }

    private void assertSaid(WavBytes wav, int missing) throws IOException {
        AudioClip clip = AudioClip.read(wav.write(folder));
        assertEquals(2, clip.samples());
        assertEquals(
                List.of(new AudioLoss(
                        Samples.duration(2, 8000),
                        Samples.duration(missing, 8000),
                        "the end of the first of several data chunks")),
                clip.losses());
    }

    @ParameterizedTest
    @ValueSource(longs = {0xffff_ffffL, 0x7fff_ff00L, 0x7fff_f000L})
    void aStreamedFileLacksNothing(long dataBytes) throws IOException {
        Path file = WavBytes.riff()
                .fmt(1, 1, 8000, 16)
                .id("data")
                .u32(dataBytes)
                .u16(1, 2)
                .write(folder);
        assertTrue(AudioClip.read(file, AudioLimits.defaults().withStrict(true))
                .losses()
                .isEmpty());
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = WavCodingsTest.class.getResourceAsStream("/audio/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        }
    }
}
