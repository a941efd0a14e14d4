package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.dataset.Metadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitCommandTest {
    @TempDir
    Path folder;

    private CommandRun split(String threshold, Object... more) {
        List<Object> words = new ArrayList<>(List.of(
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
                threshold));
        words.addAll(List.of(more));
        return CommandRun.of(words.toArray());
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

    @Test
    void unreadableRecordingsOfBothSetsAreLeftOutAndListed() throws IOException {
        makeSets();
        Path ofSet = Files.write(folder.resolve("valid/broken.wav"), new byte[20]);
        Path ofEvaluation = Files.write(folder.resolve("eval/broken.wav"), new byte[20]);
        Files.writeString(folder.resolve("valid.csv"), """
                filename,location,record_time,scene_label
                broken.wav,Jinan,,Bar
                tone.wav,Xi'an,2023-06-18 18:44:05,Bus
                noise.wav,"A, B",,
                """);
        Object[][] sources = {{}, {"--cache", folder.resolve("features.safetensors")}};
        for (Object[] source : sources) {
            CommandRun run = split("0.99", source);
            assertEquals(1, run.code(), run.err());
            assertEquals("2 clips: 1 easy, 1 hard (above 0.99)", run.lines().get(0));
            assertEquals(List.of("tone.wav"), names("easy.csv"));
            assertEquals(List.of("noise.wav"), names("hard.csv"));
            List<String> said = run.err().lines().toList();
            assertEquals("earshot: 2 of 5 recordings cannot be read and were left out:", said.get(said.size() - 3));
            assertTrue(said.get(said.size() - 2).startsWith("earshot: " + ofEvaluation + ": found "), run.err());
            assertTrue(said.get(said.size() - 1).startsWith("earshot: " + ofSet + ": found "), run.err());
            List<Object> skipping = new ArrayList<>(List.of(source));
            skipping.add("--skip-unreadable");
            assertEquals(run.out(), split("0.99", skipping.toArray()).done().out());
        }
    }

    @Test
    void damagedRecordingsAreRefusedWithStrict() throws IOException {
        makeSets();
        Path cut = Recordings.cut(Files.copy(folder.resolve("eval/noise.wav"), folder.resolve("eval/cut.wav")));
        CommandRun run = split("0.99").done();
        assertTrue(run.err().contains(cut + ": damaged at 0.500 s"), run.err());
        CommandRun strict = split("0.99", "--strict");
        assertEquals(1, strict.code());
        assertTrue(strict.err().contains("1 of 4 recordings cannot be read"), strict.err());
        assertTrue(strict.err().contains(cut + ": found damage at 0.500 s"), strict.err());
    }

    @Test
    void nothingToCompareWithIsNoSuccess() throws IOException {
        makeSets();
        Files.write(folder.resolve("eval/noise.wav"), new byte[20]);
        CommandRun run = split("0.99", "--skip-unreadable");
        assertEquals(1, run.code());
        assertEquals("", run.out());
        assertTrue(run.err().contains("evaluation set: found no recording that can be read, of 1"), run.err());
        assertFalse(Files.exists(folder.resolve("easy.csv")));
    }
}
