package org.earshot.ffmpeg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.earshot.AudioClip;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileSystemsTest {
    @TempDir
    private Path folder;

    /** Each holds another recording under a name that the host's file system has too. */
    @ParameterizedTest
    @ValueSource(strings = {"tone.flac", "tone.mp3", "tone.ogg", "tone.m4a", "tone.webm", "gsm.wav"})
    void aPathIsReadWhereItLies(String name) throws IOException {
        int expected = Recordings.decode(Recordings.bytes(name), name).samples().length;
        Path host = Files.write(folder.resolve("tone"), Recordings.bytes("alaw.au"));
        Path zip = folder.resolve("recordings.zip");
        try (FileSystem archive = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            readAs(expected, name, archive, host);
        }
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            readAs(expected, name, memory, host);
        }
    }

    private static void readAs(int expected, String name, FileSystem files, Path host) throws IOException {
        Path file = files.getPath(host.toString());
        Files.createDirectories(file.getParent());
        Files.write(file, Recordings.bytes(name));
        assertEquals(expected, AudioClip.read(file).samples());
        assertEquals(AudioException.Reason.IO, reason(files.getPath("/missing.flac")));
        assertEquals(AudioException.Reason.FORMAT, reason(files.getPath("/")));
    }

    private static AudioException.Reason reason(Path file) {
        return assertThrows(AudioException.class, () -> AudioClip.read(file)).reason();
    }

    @Test
    void bytesAndStreamsAreReadUnderTheNameGiven() {
        byte[] flac = Recordings.bytes("tone.flac");
        assertEquals("upload 7", AudioClip.read(flac, "upload 7").source());
        assertEquals(
                16_000,
                AudioClip.read(new ByteArrayInputStream(flac), "upload 8", AudioLimits.defaults())
                        .samples());
        byte[] broken = Recordings.damage(Recordings.bytes("tone.m4a"), "keep", 0.5, 0);
        String message = assertThrows(AudioException.class, () -> AudioClip.read(broken, "upload 9"))
                .getMessage();
        assertTrue(message.startsWith("upload 9: found "), message);
    }

    /** Nothing is wrong with a file whose reader is interrupted; the flag stays set for the caller. */
    @Test
    void anInterruptIsNotTheFilesFault() throws IOException {
        Path file = Files.write(folder.resolve("tone.flac"), Recordings.bytes("tone.flac"));
        Thread.currentThread().interrupt();
        try {
            assertEquals(AudioException.Reason.INTERRUPTED, reason(file));
            assertTrue(Thread.currentThread().isInterrupted());
        } finally {
            Thread.interrupted();
        }
        assertEquals(16_000, AudioClip.read(file).samples());
    }

    /** The interrupt comes while FFmpeg is reading: it must come back through C as what it is. */
    @Test
    void anInterruptInTheMiddleIsNotTheFilesFault() {
        byte[] tone = Recordings.bytes("tone.aiff");
        byte[] longTone = Recordings.join(tone, new byte[1 << 20]);
        // The sizes of the file and of its sound.
        byte[] size = {0, 0x10, 0, 0};
        System.arraycopy(size, 0, longTone, 4, 4);
        for (int i = 12; i < 60; i++) {
            if (longTone[i] == 'S' && longTone[i + 1] == 'S' && longTone[i + 2] == 'N') {
                System.arraycopy(size, 0, longTone, i + 4, 4);
            }
        }
        try (AudioStream stream = AudioFiles.open(longTone, "tone.aiff", AudioLimits.defaults())) {
            Thread.currentThread().interrupt();
            float[] block = new float[1 << 16];
            AudioException e = assertThrows(AudioException.class, () -> {
                for (int i = 0; i < 1000; i++) {
                    if (stream.read(block, 0, block.length) < 0) {
                        return;
                    }
                }
            });
            assertEquals(AudioException.Reason.INTERRUPTED, e.reason());
        } finally {
            assertTrue(Thread.interrupted());
        }
    }
}
