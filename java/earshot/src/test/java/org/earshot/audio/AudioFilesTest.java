package org.earshot.audio;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AudioFilesTest {
    @TempDir
    private Path folder;

    @Test
    void refusesWhatIsNoRecording() throws IOException {
        Path missing = folder.resolve("missing.wav");
        refused(missing, "no such file");
        refused(folder, "a directory");
        refused(Files.createFile(folder.resolve("empty.wav")), "an empty file");
        Path text =
                Files.write(folder.resolve("text.wav"), "not \u0000a recording".getBytes(StandardCharsets.US_ASCII));
        refused(text, "6E 6F 74 20 00 61 20 72 (\"not .a r\")");
        refused(text, "expected a recording in one of the formats WAV, FLAC, Ogg, MP3");
    }

    @Test
    void theNameDoesNotMatter() throws IOException {
        Path wav = WavBytes.riff().fmt(1, 1, 8000, 8).id("data").u32(1).u8(0).write(folder);
        Path renamed = Files.move(wav, folder.resolve("recording.mp3"));
        AudioFiles.open(renamed).close();
    }

    private static void refused(Path file, String found) {
        Refusals.assertRefused(file, found, () -> AudioFiles.open(file));
    }
}
