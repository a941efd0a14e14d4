package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.dataset.Metadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitCommandTest {
    @TempDir
    Path folder;

    private CommandRun split(String threshold) {
        return CommandRun.of(
                "split",
                "--metadata",
                folder.resolve("valid.csv"),
                "--audio",
                folder.resolve("valid"),
                "--evaluation-audio",
                folder.resolve("eval"),
                "--easy",
                folder.resolve("easy.csv"),
                "--hard",
                folder.resolve("hard.csv"),
                "--report",
                folder.resolve("split.html"),
                "--threshold",
                threshold);
    }

    private List<String> names(String file) {
        return Metadata.read(folder.resolve(file)).rows().stream()
                .map(Metadata.Row::fileName)
                .toList();
    }

    private void makeSets() throws IOException {
        Path valid = Files.createDirectory(folder.resolve("valid"));
        Path eval = Files.createDirectory(folder.resolve("eval"));
        Recordings.write(eval.resolve("noise.wav"), Recordings.noise(1, 1));
        Recordings.write(valid.resolve("noise.wav"), Recordings.noise(1, 2));
        Recordings.write(valid.resolve("tone.wav"), Recordings.tone(1, 440));
        Files.writeString(folder.resolve("valid.csv"), """
                filename,location,record_time,scene_label
                tone.wav,Xi'an,2023-06-18 18:44:05,Bus
                noise.wav,"A, B",,
                """);
    }

    @Test
    void whatSoundsLikeTheEvaluationSetIsHard() throws IOException {
        makeSets();
        CommandRun run = split("0.99").done();
        assertEquals("2 clips: 1 easy, 1 hard (above 0.99)", run.lines().get(0));
        assertEquals(List.of("tone.wav"), names("easy.csv"));
        assertEquals(List.of("noise.wav"), names("hard.csv"));
        List<String> easy = Files.readAllLines(folder.resolve("easy.csv"));
        assertEquals("filename,location,record_time,scene_label,similarity", easy.get(0));
        assertTrue(easy.get(1).startsWith("tone.wav,Xi'an,2023-06-18 18:44:05,Bus,0."), easy.get(1));
        assertTrue(Files.readString(folder.resolve("hard.csv")).contains("noise.wav,\"A, B\",,,0.9"));
        assertTrue(Files.size(folder.resolve("split.html")) > 0);
    }

    @Test
    void allMayBeHardAndBadThresholdsAreRefused() throws IOException {
        makeSets();
        split("-1").done();
        assertEquals(List.of(), names("easy.csv"));
        assertEquals(List.of("tone.wav", "noise.wav"), names("hard.csv"));
        assertTrue(split("1.1").refusedInOneLine().contains("--threshold"));
        Files.delete(folder.resolve("eval/noise.wav"));
        assertTrue(split("0.9").failedInOneLine().contains("no recording in this folder"));
    }
}
