package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class AudioLimitsTest {
    @TempDir
    private Path folder;

    @Test
    void durationBytesAndNonsense() throws IOException {
        Path file = street();
        AudioLimits limits = AudioLimits.defaults();
        assertEquals(
                8000,
                AudioClip.read(file, limits.withMaxDuration(Duration.ofSeconds(1)))
                        .samples());
        refused(
                AudioException.Reason.LIMIT,
                () -> AudioClip.read(file, limits.withMaxDuration(Duration.ofMillis(999))));
        refused(AudioException.Reason.LIMIT, () -> AudioClip.read(file, limits.withMaxBytes(Files.size(file) - 1)));
        AudioClip.read(file, limits.withMaxBytes(Files.size(file)));
        assertThrows(IllegalArgumentException.class, () -> limits.withMaxBytes(0));
        assertThrows(IllegalArgumentException.class, () -> limits.withMaxDuration(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> limits.withMaxSamplesPerByte(0));
        assertEquals(limits, limits.withStrict(false));
        assertFalse(limits.equals(limits.withStrict(true)));
    }

    /** Beyond ten minutes, which always may be; in samples of all channels. */
    @Test
    void theRatioOfSoundToFile() {
        AudioLimits limits = AudioLimits.defaults().withMaxSamplesPerByte(100);
        assertEquals(600 * 8000, limits.maxFrames(1, 8000, 1));
        assertEquals(100 * 1_000_000 / 2, limits.maxFrames(1_000_000, 8000, 2));
        assertEquals(3600L * 8000, limits.withMaxDuration(Duration.ofHours(1)).maxFrames(Long.MAX_VALUE / 2, 8000, 1));
    }

    @Test
    void reasonsTellFaultsApart() throws IOException {
        refused(AudioException.Reason.IO, () -> AudioClip.read(folder.resolve("missing.wav")));
        refused(AudioException.Reason.FORMAT, () -> AudioClip.read(folder));
        refused(AudioException.Reason.FORMAT, () -> AudioClip.read(new byte[0], "empty"));
        refused(AudioException.Reason.FORMAT, () -> AudioClip.read(new byte[100], "zeros"));
        refused(
                AudioException.Reason.DAMAGED,
                () -> AudioClip.read("RIFF\0\0\0\0WAVE".getBytes(StandardCharsets.US_ASCII), "no chunks"));
        refused(
                AudioException.Reason.UNAVAILABLE,
                () -> AudioClip.read("fLaC....".getBytes(StandardCharsets.US_ASCII), "flac"));
        refused(AudioException.Reason.DAMAGED, () -> AudioClip.of(new float[] {Float.NaN}, 8000));
        InputStream failing = new InputStream() {
            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return read();
            }

            @Override
            public int read() throws IOException {
                throw new FileSystemException("upload-17.part", null, "Stale file handle");
            }
        };
        AudioException e =
                refused(AudioException.Reason.IO, () -> AudioClip.read(failing, "upload", AudioLimits.defaults()));
        assertTrue(e.getMessage().contains("(stale file handle)"), e.getMessage());
        assertFalse(e.getMessage().contains("upload-17"), e.getMessage());
    }

    /** What a socket throws that waited in vain is of the kind of interrupts, and nobody was interrupted. */
    @Test
    void aStreamThatIsLateIsNoInterrupt() {
        refused(AudioException.Reason.IO, () -> read(new SocketTimeoutException("Read timed out")));
        refused(AudioException.Reason.INTERRUPTED, () -> read(new InterruptedIOException()));
    }

    private static void read(IOException failure) {
        AudioClip.read(
                new InputStream() {
                    @Override
                    public int read() throws IOException {
                        throw failure;
                    }

                    @Override
                    public int read(byte[] target, int offset, int length) throws IOException {
                        throw failure;
                    }
                },
                "upload",
                AudioLimits.defaults());
    }

    @Test
    void anInterruptIsNotTheFilesFault() throws IOException {
        Path file = street();
        byte[] bytes = Files.readAllBytes(file);
        List<Executable> reads = List.of(() -> AudioClip.read(file), () -> AudioClip.read(bytes, "street"));
        for (Executable read : reads) {
            Thread.currentThread().interrupt();
            try {
                AudioException e = refused(AudioException.Reason.INTERRUPTED, read);
                assertTrue(e.getMessage().contains("nothing is known to be wrong"), e.getMessage());
            } finally {
                assertTrue(Thread.interrupted(), "the flag stays set");
            }
        }
    }

    @Test
    void notesAreFewHoweverManyLosses() {
        List<AudioLoss> losses = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            losses.add(new AudioLoss(Duration.ofMillis(i), Duration.ofMillis(2), "a damaged packet"));
        }
        List<String> notes = AudioLoss.notes(losses);
        assertEquals(11, notes.size());
        assertEquals("damaged at 0.000 s: a damaged packet, 0.002 s missing", notes.get(0));
        assertEquals("damaged at 490 places more; 1.000 s are missing in all", notes.get(10));
        assertEquals(List.of(), AudioLoss.notes(List.of()));
    }

    /** A second of silence at 8 kHz. */
    private Path street() throws IOException {
        Path file = folder.resolve("street.wav");
        WavFiles.writeMono16(file, new float[8000], 8000);
        return file;
    }

    private static AudioException refused(AudioException.Reason reason, Executable action) {
        AudioException e = assertThrows(AudioException.class, action);
        assertEquals(reason, e.reason(), e.getMessage());
        return e;
    }
}
