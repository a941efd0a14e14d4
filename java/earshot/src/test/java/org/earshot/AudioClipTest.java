package org.earshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AudioClipTest {
    @TempDir
    private Path folder;

    @Test
    void copiesWhatItIsGivenAndWhatItGives() {
        float[] pcm = {0.5f, -0.5f, 0.25f};
        AudioClip clip = AudioClip.of(pcm, 2);
        pcm[0] = 9;
        clip.pcm()[1] = 9;
        assertArrayEquals(new float[] {0.5f, -0.5f, 0.25f}, clip.pcm());
        assertEquals(3, clip.samples());
        assertEquals(2, clip.sampleRate());
        assertEquals(Duration.ofMillis(1500), clip.duration());
    }

    /** The same recordings as WAV files, which soundfile wrote. */
    @ParameterizedTest
    @ValueSource(strings = {"wav-pcm_16.wav", "wavex-pcm_16.wav"})
    void takesSamplesOf16BitsAsAWavFileHasThem(String name) throws IOException {
        Path file = Path.of("src/test/resources/audio").resolve(name);
        AudioClip expected = AudioClip.read(file);
        byte[] bytes = Files.readAllBytes(file);
        int data = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("data") + 8;
        ByteBuffer pcm = ByteBuffer.wrap(bytes, data, expected.samples() * 4); // two channels
        AudioClip clip = AudioClip.ofPcm16(pcm, 8000, 2);
        assertArrayEquals(expected.pcm(), clip.pcm());
        assertEquals(8000, clip.sampleRate());
        assertEquals(data, pcm.position());
        short[] left = new short[expected.samples()];
        ByteBuffer one = ByteBuffer.allocate(2 * left.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < left.length; i++) {
            left[i] = pcm.order(ByteOrder.LITTLE_ENDIAN).getShort(data + 4 * i);
            one.putShort(left[i]);
        }
        assertArrayEquals(
                AudioClip.ofPcm16(one.flip(), 8000, 1).pcm(),
                AudioClip.ofPcm16(left, 8000).pcm());
        assertArrayEquals(
                new float[] {-1, -0x1p-15f, 0.5f},
                AudioClip.ofPcm16(new short[] {Short.MIN_VALUE, -1, 1 << 14}, 8000)
                        .pcm());
    }

    @Test
    void refusesSamplesOf16BitsThatAreNoFrames() {
        refused("0; expected at least 1", () -> AudioClip.ofPcm16(ByteBuffer.allocate(4), 8000, 0));
        refused("6 bytes; expected whole frames of 4 bytes", () -> AudioClip.ofPcm16(ByteBuffer.allocate(6), 8000, 2));
        refused("3 bytes", () -> AudioClip.ofPcm16(ByteBuffer.allocate(3), 8000, 1));
        refused("0 Hz", () -> AudioClip.ofPcm16(new short[1], 0));
    }

    @Test
    void refusesWhatIsNoSound() {
        float[] bad = new float[10];
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            bad[7] = value;
            refused("sample " + value + " at index 7", () -> AudioClip.of(bad, 44_100));
        }
        refused("0 Hz", () -> AudioClip.of(new float[1], 0));
        refused("-1 Hz", () -> AudioClip.of(new float[1], -1));
    }

    @Test
    void readsAFileAtItsOwnRate() throws IOException {
        Path file = wav(32_000, 100_000);
        AudioClip clip = AudioClip.read(file);
        assertEquals(50_000, clip.samples());
        assertEquals(32_000, clip.sampleRate());
        assertEquals(file.toString(), clip.source());
        for (float sample : clip.pcm()) {
            assertEquals(0.5f, sample);
        }
    }

    @Test
    void aRecordingTooLongToHoldIsToBeStreamed() throws IOException {
        Path file = wav(1, 7300);
        refused("more than 600 samples at 1 Hz", () -> AudioClip.read(file));
        refused("classify the Path instead", () -> AudioClip.read(file));
    }

    @Test
    void resamples() {
        AudioClip clip = AudioClip.of(new float[48_000], 48_000);
        assertSame(clip, clip.resampled(48_000));
        AudioClip resampled = clip.resampled(44_100);
        assertEquals(44_100, resampled.samples());
        assertEquals(44_100, resampled.sampleRate());
        assertEquals(clip.duration(), resampled.duration());
        refused("0 Hz", () -> clip.resampled(0));
    }

    private Path wav(int sampleRate, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(44 + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + dataBytes);
        bytes.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16).putShort((short) 1);
        bytes.putShort((short) 1).putInt(sampleRate).putInt(2 * sampleRate);
        bytes.putShort((short) 2).putShort((short) 16);
        bytes.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(dataBytes);
        while (bytes.hasRemaining()) {
            bytes.putShort((short) 0x4000);
        }
        Path file = Files.createFile(folder.resolve("clip.wav"));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(bytes.flip());
        }
        return file;
    }

    private static void refused(String found, Executable action) {
        String message = assertThrows(AudioException.class, action).getMessage();
        assertTrue(message.contains(found), message);
    }
}
