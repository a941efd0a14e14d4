package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WavDecoderTest {
    @TempDir
    private Path folder;

    /** Files that libsndfile wrote; see tools/reference/fixtures/audio.py for what is in them. */
    @ParameterizedTest
    @CsvSource({
        "wav-pcm_u8, 8",
        "wav-pcm_16, 16",
        "wav-pcm_24, 24",
        "wav-pcm_32, 32",
        "wav-float, 25",
        "wav-double, 25",
        "wavex-pcm_u8, 8",
        "wavex-pcm_16, 16",
        "wavex-pcm_24, 24",
        "wavex-pcm_32, 32",
        "wavex-float, 25",
        "wavex-double, 25",
        "rf64-pcm_u8, 8",
        "rf64-pcm_16, 16",
        "rf64-pcm_24, 24",
        "rf64-pcm_32, 32",
        "rf64-float, 25",
        "rf64-double, 25",
        "rifx-pcm_16, 16",
        "rifx-float, 25"
    })
    void readsWhatLibsndfileWrote(String name, int bits) throws URISyntaxException {
        Path file = resource(name + ".wav");
        try (AudioStream stream = AudioFiles.open(file)) {
            assertEquals(8000, stream.sampleRate());
            assertEquals(2, stream.channels());
        }
        float[] samples = WavBytes.read(file);
        assertEquals(2 * 40, samples.length);
        // libsndfile scales by 2^(bits-1) - 1 and rounds: together less than one step. Floats have 24 bits and a sign.
        double tolerance = Math.scalb(1.0, 1 - Math.min(bits, 25));
        for (int frame = 0; frame < 40; frame++) {
            assertEquals(0.4 * Math.sin(2 * Math.PI * 300 * frame / 8000), samples[2 * frame], tolerance);
            assertEquals(0.4 * Math.sin(2 * Math.PI * 700 * frame / 8000), samples[2 * frame + 1], tolerance);
        }
    }

    @Test
    void scalesEveryCodingToFullScale() throws IOException {
        assertSamples(
                WavBytes.riff().fmt(1, 1, 8000, 8).id("data").u32(4).u8(0, 64, 128, 255), -1, -0.5f, 0, 127 / 128f);
        assertSamples(
                WavBytes.riff().fmt(1, 1, 8000, 16).id("data").u32(8).u16(-32768, -16384, 0, 32767),
                -1,
                -0.5f,
                0,
                32767 / 32768f);
        assertSamples(
                WavBytes.riff().fmt(1, 1, 8000, 24).id("data").u32(9).u8(0, 0, 0x80, 0, 0, 0x40, 1, 0, 0),
                -1,
                0.5f,
                0x1p-23f);
        assertSamples(
                WavBytes.riff().fmt(1, 1, 8000, 32).id("data").u32(12).u32(0x8000_0000L, 0x4000_0000L, 256),
                -1,
                0.5f,
                0x1p-23f);
        assertSamples(WavBytes.riff().fmt(3, 1, 8000, 32).id("data").u32(8).f32(-1.5f, 0.1f), -1.5f, 0.1f);
        assertSamples(WavBytes.riff().fmt(3, 1, 8000, 64).id("data").u32(16).f64(-1.5, 0.1), -1.5f, 0.1f);
        assertSamples(
                new WavBytes()
                        .order(ByteOrder.BIG_ENDIAN)
                        .id("RIFX")
                        .u32(0x7fff_ffff)
                        .id("WAVE")
                        .fmt(1, 1, 8000, 24)
                        .id("data")
                        .u32(6)
                        .u8(0x80, 0, 0, 0x40, 0, 0),
                -1,
                0.5f);
    }

    @Test
    void twelveBitsAreLeftJustifiedInSixteen() throws IOException {
        assertSamples(WavBytes.riff().fmt(1, 1, 8000, 12).id("data").u32(4).u16(0x8000, 0x4000), -1, 0.5f);
    }

    @Test
    void chunksComeInAnyOrderAndArePaddedToEvenLengths() throws IOException {
        assertSamples(
                WavBytes.riff()
                        .id("LIST")
                        .u32(3)
                        .u8(1, 2, 3, 0)
                        .fmt(1, 1, 8000, 16)
                        .id("junk")
                        .u32(0)
                        .id("data")
                        .u32(4)
                        .u16(0x4000, 0x2000)
                        .id("LIST")
                        .u32(2)
                        .u16(7),
                0.5f,
                0.25f);
        assertSamples(WavBytes.riff().id("data").u32(3).u8(128, 192, 64, 0).fmt(1, 1, 8000, 8), 0, 0.5f, -0.5f);
    }

    @Test
    void aTruncatedDataChunkGivesItsWholeFrames() throws IOException {
        assertSamples(
                WavBytes.riff().fmt(1, 2, 8000, 16).id("data").u32(4000).u16(0x4000, 0x2000, 0x4000), 0.5f, 0.25f);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "36, 0", "0xffffffff, 0xffffffff", "0, 0xffffffff", "0x7fffffff, 0x7ffff000"})
    void lengthsThatTheWriterNeverFilledInMeanTheRestOfTheFile(String riff, String data) throws IOException {
        assertSamples(
                new WavBytes()
                        .id("RIFF")
                        .u32(Long.decode(riff))
                        .id("WAVE")
                        .fmt(1, 1, 8000, 16)
                        .id("data")
                        .u32(Long.decode(data))
                        .u16(0x4000, 0x2000),
                0.5f,
                0.25f);
    }

    /** As ffmpeg -rf64 always leaves it in a pipe, and a recorder that lost its power on the card. */
    @Test
    void sizesOfSixtyFourBitsMayNeverBeFilledInEither() throws IOException {
        WavBytes unfinished = new WavBytes()
                .id("RF64")
                .u32(0xffff_ffffL)
                .id("WAVE")
                .id("ds64")
                .u32(28)
                .u64(0)
                .u64(0)
                .u64(0)
                .u32(0)
                .fmt(1, 1, 8000, 16)
                .id("data");
        assertSamples(unfinished.copy().u32(0xffff_ffffL).u16(0x4000, 0x2000), 0.5f, 0.25f);
        assertSamples(unfinished.copy().u32(0).u16(0x4000, 0x2000), 0.5f, 0.25f);
    }

    /** What says how long it is, and that this is nothing, is believed. */
    @Test
    void aRecordingOfNoFramesInSixtyFourBitsIsEmpty() throws IOException {
        assertSamples(new WavBytes()
                .id("RF64")
                .u32(0xffff_ffffL)
                .id("WAVE")
                .id("ds64")
                .u32(28)
                .u64(84)
                .u64(0)
                .u64(0)
                .u32(0)
                .fmt(1, 1, 8000, 16)
                .id("data")
                .u32(0xffff_ffffL)
                .id("LIST")
                .u32(4)
                .u32(1));
    }

    @Test
    void aRecordingOfNoFramesIsEmpty() throws IOException {
        assertSamples(WavBytes.riff()
                .fmt(1, 1, 8000, 16)
                .id("data")
                .u32(0)
                .id("LIST")
                .u32(4)
                .u32(1));
    }

    /** Ten hours of 48 kHz stereo, 6.9 GB of which the file system stores none. */
    @Test
    void lengthsBeyondFourGigabytesComeFromTheDs64Chunk() throws IOException {
        long dataBytes = 10L * 3600 * 48000 * 4;
        Path file = new WavBytes()
                .id("RF64")
                .u32(0xffff_ffffL)
                .id("WAVE")
                .id("ds64")
                .u32(28)
                .u64(dataBytes + 72)
                .u64(dataBytes)
                .u64(dataBytes / 4)
                .u32(0)
                .fmt(1, 2, 48000, 16)
                .id("data")
                .u32(0xffff_ffffL)
                .write(folder);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(9), channel.size() + dataBytes);
        }
        try (AudioInput input = AudioInput.open(file, AudioLimits.defaults())) {
            WavHeader header = WavHeader.parse(input);
            assertEquals(80, header.dataStart());
            assertEquals(dataBytes, header.dataBytes());
        }
        try (AudioStream stream = AudioFiles.open(file)) {
            assertEquals(1000, stream.read(new float[2000], 0, 1000));
        }
    }

    @Test
    void sixtyFiveThousandChannelsNeedLittleMemory() throws IOException {
        Path file = WavBytes.riff()
                .id("fmt ")
                .u32(16)
                .u16(1, 65535)
                .u32(8000, 0)
                .u16(65535, 8)
                .id("data")
                .u32(65535)
                .u8(new int[30000])
                .write(folder);
        assertEquals(0, WavBytes.read(file).length);
    }

    @Test
    void namesWhatIsWrong() throws IOException {
        refused(new WavBytes().id("RIFF").u32(4), "begins with 52 49 46 46");
        refused(new WavBytes().id("RIFF").u32(4).id("AVI "), "AVI video, which is not supported");
        refused(WavBytes.riff(), "no fmt chunk");
        refused(WavBytes.riff().fmt(1, 1, 8000, 16), "no data chunk");
        refused(WavBytes.riff().id("data").u32(4).u32(0), "no fmt chunk");
        refused(WavBytes.riff().id("fmt ").u32(8).u32(0, 0), "fmt chunk: found 8 bytes");
        refused(WavBytes.riff().fmt(1, 0, 8000, 16).id("data").u32(0), "0 channels");
        refused(WavBytes.riff().fmt(1, 1, 0, 16).id("data").u32(0), "a sample rate of 0 Hz");
        refused(WavBytes.riff().fmt(1, 1, 0xffff_ffffL, 16).id("data").u32(0), "a sample rate of 4294967295 Hz");
        refused(WavBytes.riff().fmt(1, 1, 8000, 0).id("data").u32(0), "integers of 0 bits");
        refused(WavBytes.riff().fmt(1, 1, 8000, 40).id("data").u32(0), "integers of 40 bits");
        refused(WavBytes.riff().fmt(2, 1, 8000, 4).id("data").u32(0), "WAV in Microsoft ADPCM (format tag 0x0002)");
        refused(WavBytes.riff().fmt(3, 1, 8000, 16).id("data").u32(0), "floating point of 16 bits");
        refused(WavBytes.riff().fmt(0xfffe, 1, 8000, 16).id("data").u32(0), "WAVE_FORMAT_EXTENSIBLE in 16 bytes");
        refused(WavBytes.riff().id("ds64").u32(8).u64(0), "ds64 chunk: found 8 bytes");
        refused(WavBytes.riff().id("ds64").u32(16).u64(0).u64(-1), "18446744073709551615 bytes of audio");
        WavBytes empties = WavBytes.riff();
        for (int i = 0; i < 5000; i++) {
            empties.id("none").u32(0);
        }
        refused(empties, "more than 4096 chunks");
    }

    /** Whatever a header says, it is either read or refused by name. */
    @Test
    void noDamageToTheHeaderGetsThrough() throws IOException, URISyntaxException {
        byte[] good = Files.readAllBytes(resource("rf64-pcm_24.wav"));
        byte[] worst = {0, 1, 0x7f, (byte) 0x80, (byte) 0xff};
        Path file = folder.resolve("damaged.wav");
        int refused = 0;
        for (int position = 0; position < 112; position++) {
            for (byte value : worst) {
                byte[] bad = good.clone();
                bad[position] = value;
                Files.write(file, bad);
                try {
                    assertTrue(WavBytes.read(file).length <= bad.length);
                } catch (AudioException e) {
                    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
                    refused++;
                }
            }
        }
        assertTrue(refused > 50, "only " + refused + " of the damaged files were refused");
    }

    @Test
    void isKnownByContentOnly() {
        assertTrue(WavHeader.matches("RIFF....WAVEfmt ".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(WavHeader.matches("RF64....WAVE".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(WavHeader.matches("RIFF....AVI fmt ".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(WavHeader.matches("RIFF....WAV".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(WavHeader.matches(new byte[0]));
    }

    private void assertSamples(WavBytes bytes, float... expected) throws IOException {
        assertArrayEquals(expected, WavBytes.read(bytes.write(folder)));
    }

    private void refused(WavBytes bytes, String found) throws IOException {
        Path file = bytes.write(folder);
        Refusals.assertRefused(file, found, () -> WavBytes.read(file));
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(WavDecoderTest.class.getResource("/audio/" + name), name)
                .toURI());
    }
}
