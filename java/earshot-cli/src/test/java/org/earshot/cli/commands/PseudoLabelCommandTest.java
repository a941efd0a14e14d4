package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PseudoLabelCommandTest {
    @TempDir
    Path folder;

    private Path metadata;
    private Path output;
    private Path model;

    /** Four clips, the last of which has a label. */
    @BeforeEach
    void fill() throws IOException {
        Path audio = Files.createDirectory(folder.resolve("audio"));
        StringBuilder csv = new StringBuilder("filename,location,record_time,scene_label\n");
        for (int i = 0; i < 4; i++) {
            Recordings.write(audio.resolve("clip" + i + ".wav"), Recordings.noise(0.5, i));
            csv.append("clip" + i + ",Xi'an,2023-06-18 18:44:05," + (i == 3 ? "Bus" : "") + "\n");
        }
        metadata = Files.writeString(folder.resolve("metadata.csv"), csv);
        output = folder.resolve("labels.csv");
        model = TestModels.quick(folder.resolve("model"));
    }

    private CommandRun label(Object... more) {
        List<Object> words = new ArrayList<>(List.of("pseudo-label", "--first", model, "--backend", "portable"));
        words.addAll(List.of("--metadata", metadata, "--audio", folder.resolve("audio"), "--output", output));
        words.addAll(Arrays.asList(more));
        return CommandRun.of(words.toArray());
    }

    @Test
    void unlabelledClipsGetTheAnswerThatClassifyGives() throws IOException {
        CommandRun run = label().done();
        assertTrue(run.out().contains("3 of 3 clips labelled"), run.out());
        List<String> lines = Files.readAllLines(output);
        assertEquals(4, lines.size());
        List<String> answers = CommandRun.of(
                        "classify",
                        folder.resolve("audio"),
                        "--metadata",
                        metadata,
                        "--model",
                        model,
                        "--backend",
                        "portable",
                        "--csv",
                        "--top",
                        1)
                .done()
                .lines();
        for (int i = 0; i < 3; i++) {
            String[] answer = answers.get(1 + i).split(",", -1);
            assertEquals(
                    "clip" + i + ",Xi'an,2023-06-18 18:44:05," + answer[1] + "," + answer[2] + ",1," + answer[1] + ",",
                    lines.get(1 + i));
        }
    }

    @Test
    void withACacheTheOutputIsTheSame() throws IOException {
        label("--soft", "--share", "0.5", "--second", model).done();
        String expected = Files.readString(output);
        Path cache = folder.resolve("features.safetensors");
        CommandRun.of(
                        "features",
                        "--metadata",
                        metadata,
                        "--audio",
                        folder.resolve("audio"),
                        "--cache",
                        cache,
                        "--model",
                        model)
                .done();
        label("--soft", "--share", "0.5", "--second", model, "--cache", cache, "--force")
                .done();
        assertEquals(expected, Files.readString(output));
        assertTrue(expected.startsWith("filename,location,record_time,scene_label,confidence,step,"), expected);
        // Half of three clips, 1.5, is two; the third agrees with itself.
        assertEquals(
                List.of(1L, 2L),
                List.of(
                        expected.lines()
                                .filter(line -> line.matches("clip.*,2,[^,]+,[^,]+(,[^,]+){10}"))
                                .count(),
                        expected.lines()
                                .filter(line -> line.matches("clip.*,1,[^,]+,[^,]+(,[^,]+){10}"))
                                .count()));
    }

    @Test
    void theFeaturesOfASetAreComputedOnce() {
        Object[] words = {
            "features",
            "--metadata",
            metadata,
            "--audio",
            folder.resolve("audio"),
            "--model",
            model,
            "--cache",
            folder.resolve("features.safetensors")
        };
        assertEquals(
                List.of("4 clips, of which 4 were computed"),
                CommandRun.of(words).done().lines());
        assertEquals(
                List.of("4 clips, of which 0 were computed"),
                CommandRun.of(words).done().lines());
    }

    @Test
    void aSetAndARecordingAreNotBoth() {
        assertEquals(
                2,
                CommandRun.of(
                                "features",
                                "x.wav",
                                "--output",
                                "x.npy",
                                "--cache",
                                "x",
                                "--metadata",
                                "m",
                                "--audio",
                                "a")
                        .code());
        assertEquals(2, CommandRun.of("features", "--cache", "x").code());
        assertEquals(2, CommandRun.of("features").code());
    }

    /** Also in a run that goes on where another was interrupted. */
    @Test
    void unreadableRecordingsAreLeftOutAndListed() throws IOException {
        Files.write(folder.resolve("audio/clip1.wav"), new byte[20]);
        CommandRun run = label();
        assertEquals(1, run.code());
        assertTrue(run.out().contains("2 of 3 clips labelled"), run.out());
        assertTrue(run.err().contains("1 of 3 recordings cannot be read and were left out:"), run.err());
        assertTrue(run.err().lines().toList().get(2).contains("clip1.wav: found"), run.err());
        String labels = Files.readString(output);
        assertEquals(3, labels.lines().count());
        assertFalse(labels.contains("clip1"));
        CommandRun cached = label("--force", "--skip-unreadable", "--cache", folder.resolve("cache"))
                .done();
        assertEquals(run.out(), cached.out());
        assertTrue(cached.err().contains("1 of 3 recordings cannot be read"), cached.err());
        assertEquals(labels, Files.readString(output));
        CommandRun features = CommandRun.of(
                "features",
                "--metadata",
                metadata,
                "--audio",
                folder.resolve("audio"),
                "--model",
                model,
                "--cache",
                folder.resolve("features.safetensors"));
        assertEquals(1, features.code());
        assertEquals("3 clips, of which 3 were computed\n", features.out());
        assertTrue(features.err().contains("1 of 4 recordings cannot be read"), features.err());
    }

    @Test
    void damagedRecordingsAreSaidOrRefused() throws IOException {
        Path cut = Recordings.cut(folder.resolve("audio/clip1.wav"));
        Path cache = folder.resolve("features.safetensors");
        Object[] features = {
            "features", "--metadata", metadata, "--audio", folder.resolve("audio"), "--model", model, "--cache", cache
        };
        CommandRun filled = CommandRun.of(features).done();
        assertTrue(filled.err().contains(cut + ": damaged at 0.250 s"), filled.err());
        List<List<Object>> sources = List.of(List.of(), List.of("--cache", cache));
        for (List<Object> source : sources) {
            List<Object> args = new ArrayList<>(source);
            args.add("--force");
            assertTrue(label(args.toArray()).done().out().contains("3 of 3 clips labelled"));
            args.add("--strict");
            CommandRun strict = label(args.toArray());
            assertEquals(1, strict.code());
            assertTrue(strict.out().contains("2 of 3 clips labelled"), strict.out());
            assertTrue(strict.err().contains("1 of 3 recordings cannot be read"), strict.err());
            assertTrue(strict.err().contains(cut + ": found damage at 0.250 s"), strict.err());
        }
        List<Object> strictly = new ArrayList<>(List.of(features));
        strictly.add("--strict");
        CommandRun refused = CommandRun.of(strictly.toArray());
        assertEquals(1, refused.code());
        assertEquals("3 clips, of which 0 were computed\n", refused.out());
        assertTrue(refused.err().contains(cut + ": found damage at 0.250 s"), refused.err());
    }

    @Test
    void aLinkInTheJournalsPlaceIsNotFollowed() throws IOException {
        Path precious = Files.createFile(folder.resolve("precious"));
        Files.createSymbolicLink(folder.resolve("labels.csv.part"), precious);
        CommandRun run = label();
        assertEquals(1, run.code());
        assertTrue(run.err().contains("labels.csv.part: found a link"), run.err());
        assertEquals(0, Files.size(precious));
    }

    @Test
    void anExistingOutputIsRefusedUnlessForced() throws IOException {
        Files.writeString(output, "mine");
        assertTrue(label().failedInOneLine().contains("labels.csv: found a file that exists"));
        assertEquals("mine", Files.readString(output));
        label("--force").done();
        assertEquals(4, Files.readAllLines(output).size());
    }

    @Test
    void badInputIsRefusedBeforeAnyWork() throws IOException {
        assertTrue(label("--share", "1.5").refusedInOneLine().contains("share: found 1.5"));
        assertTrue(label("--min-confidence", "NaN").refusedInOneLine().contains("minimum confidence: found NaN"));
        assertTrue(label("--threads", "0").refusedInOneLine().contains("--threads: found 0"));
        Path other = TestModels.variant(folder.resolve("other"), "\"Bar\"", "\"Library\"");
        CommandRun labels = label("--second", other);
        assertEquals(1, labels.code());
        assertFalse(Files.exists(output));
        output = folder.resolve("none/labels.csv");
        assertTrue(label().failedInOneLine().contains("no such folder"));
        output = folder.resolve("labels.csv");
        Files.delete(folder.resolve("audio/clip1.wav"));
        assertTrue(label().failedInOneLine().contains("1 of 4 rows without a file"));
        Files.writeString(metadata, "filename,location,record_time,scene_label\nclip0,,,Bus\n");
        assertTrue(label().failedInOneLine().contains("scene_label: found a label in every row"));
        assertFalse(Files.exists(output));
    }
}
