package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.earshot.audio.AudioFormat;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No command writes over what it reads, over a recording, or over what it has just written. */
class OutputsTest {
    private static final String READ = "a file that this command reads";
    private static final String WRITTEN = "a file that another option writes too";

    @TempDir
    Path folder;

    private byte[] recording;

    @BeforeEach
    void makeFiles() throws IOException {
        Files.createDirectory(folder.resolve("audio"));
        Files.createSymbolicLink(folder.resolve("link-to-folder"), folder);
        // An ending that is none of a recording, as this is known by its bytes.
        Path file = Recordings.write(folder.resolve("street.rec"), Recordings.noise(1, 1));
        recording = Files.readAllBytes(file);
        Files.write(folder.resolve("street.npy"), recording);
        Files.createSymbolicLink(folder.resolve("symbolic"), file);
        Files.createLink(folder.resolve("hard"), file);
        Files.writeString(folder.resolve("set.csv"), "filename,location,record_time,scene_label\nstreet,,,\n");
    }

    /** What is asked for, words that begin with / being files in the folder, and what is said of the last file. */
    static Stream<String[]> overwritten() {
        String set = " --metadata /set.csv --audio /audio";
        return Stream.of(
                new String[] {READ, "classify --model /model /street.rec -o /street.rec"},
                new String[] {READ, "classify --model /model /street.rec -o /audio/../street.rec"},
                new String[] {READ, "classify --model /model /street.rec -o /link-to-folder/street.rec"},
                new String[] {READ, "classify --model /model /street.rec -o /symbolic"},
                new String[] {READ, "classify --model /model /street.rec -o /hard"},
                new String[] {READ, "classify --model /model /missing /street.rec -o /street.rec"},
                new String[] {READ, "classify --model /model /street.rec --metadata /set.csv -o /set.csv"},
                new String[] {READ, "classify --model /model /street.rec --weights /w.pth -o /w.pth"},
                new String[] {WRITTEN, "classify --model /model /street.rec -o /new.png --picture /new.png"},
                new String[] {
                    WRITTEN, "classify --model /model /street.rec -o /new.png --picture /link-to-folder/new.png"
                },
                new String[] {READ, "features --model /model /street.npy -o /street.npy"},
                new String[] {READ, "features --model /model" + set + " --cache /set.csv"},
                new String[] {READ, "evaluate /model" + set + " --report /set.csv"},
                new String[] {READ, "evaluate /model" + set + " --cache /set.csv"},
                new String[] {WRITTEN, "evaluate /model" + set + " --report /new --json /new"},
                new String[] {READ, "pseudo-label --first /model" + set + " --force -o /set.csv"},
                new String[] {WRITTEN, "pseudo-label --first /model" + set + " -o /new --cache /new"},
                new String[] {READ, "split" + set + " --evaluation-audio /audio --hard /hard.csv --easy /set.csv"},
                new String[] {WRITTEN, "split" + set + " --evaluation-audio /audio --easy /new --hard /new"},
                new String[] {WRITTEN, "parity /model --junit /new --markdown /new"});
    }

    @ParameterizedTest
    @MethodSource
    void overwritten(String found, String command) throws IOException {
        String[] words = command.split(" ");
        for (int i = 0; i < words.length; i++) {
            words[i] = words[i].startsWith("/") ? folder + words[i] : words[i];
        }
        assertEquals(
                "earshot: " + words[words.length - 1] + ": found " + found + "; expected a file of its own",
                CommandRun.of((Object[]) words).failedInOneLine());
        assertArrayEquals(recording, Files.readAllBytes(folder.resolve("street.rec")));
        assertArrayEquals(recording, Files.readAllBytes(folder.resolve("street.npy")));
        assertFalse(Files.exists(folder.resolve("new")) || Files.exists(folder.resolve("new.png")));
    }

    /** {@code classify -o *.wav}: the shell puts the first recording where the output belongs. */
    @Test
    void noAnswerTakesARecordingsPlace() {
        Path input = folder.resolve("street.rec");
        for (AudioFormat format : AudioFormat.values()) {
            for (String ending : format.endings()) {
                Path output = folder.resolve("first." + ending);
                String complaint = CommandRun.of("classify", "--model", folder, input, "-o", output)
                        .failedInOneLine();
                assertTrue(complaint.startsWith("earshot: " + output + ": found a recording's name"), complaint);
            }
        }
    }

    /** The root has no folder in which it could be the output's neighbour. */
    @Test
    void theRootIsNobodysOutput() {
        String complaint = CommandRun.of(
                        "evaluate", folder, "--metadata", "/", "--audio", folder, "--report", folder.resolve("new"))
                .failedInOneLine();
        assertTrue(complaint.startsWith("earshot: ") && !complaint.contains("unexpected"), complaint);
    }
}
