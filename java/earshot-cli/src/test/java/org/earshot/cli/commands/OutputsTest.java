package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.audio.AudioFormat;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
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
        Files.createDirectory(folder.resolve("real"));
        for (String name : List.of("config.json", "model.safetensors", "golden-pcm.safetensors", "parity.json")) {
            Files.writeString(folder.resolve("real").resolve(name), name);
        }
        Files.writeString(folder.resolve("map.json"), "{}");
        Files.writeString(folder.resolve("before"), "a record");
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
                new String[] {READ, "classify --model /real /street.rec -o /real/config.json"},
                new String[] {READ, "classify --model /model --model /real /street.rec -o /real/model.safetensors"},
                new String[] {READ, "classify --model /model --key-map /map.json /street.rec -o /map.json"},
                new String[] {WRITTEN, "classify --model /model /street.rec -o /new.png --picture /new.png"},
                new String[] {
                    WRITTEN, "classify --model /model /street.rec -o /new.png --picture /link-to-folder/new.png"
                },
                new String[] {READ, "features --model /model /street.npy -o /street.npy"},
                new String[] {READ, "features --model /real /street.npy -o /real/model.safetensors"},
                new String[] {READ, "features --model /model" + set + " --cache /set.csv"},
                new String[] {READ, "features --model /real" + set + " --cache /real/model.safetensors"},
                new String[] {READ, "evaluate /model" + set + " --report /set.csv"},
                new String[] {READ, "evaluate /model" + set + " --cache /set.csv"},
                new String[] {READ, "evaluate /model /real" + set + " --json /real/config.json"},
                new String[] {WRITTEN, "evaluate /model" + set + " --report /new --json /new"},
                new String[] {READ, "pseudo-label --first /model" + set + " --force -o /set.csv"},
                new String[] {READ, "pseudo-label --first /model --second /real" + set + " --force -o /real/config.json"
                },
                new String[] {WRITTEN, "pseudo-label --first /model" + set + " -o /new --cache /new"},
                new String[] {READ, "split" + set + " --evaluation-audio /audio --hard /hard.csv --easy /set.csv"},
                new String[] {
                    READ,
                    "split" + set + " --evaluation-audio /audio --model /real --easy /new --hard /real/config.json"
                },
                new String[] {WRITTEN, "split" + set + " --evaluation-audio /audio --easy /new --hard /new"},
                new String[] {READ, "parity /model /real --junit /real/parity.json"},
                new String[] {READ, "parity /real --backend portable --record /real/golden-pcm.safetensors"},
                new String[] {READ, "parity /model --backend portable --against /before --record /before"},
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
        for (String name : List.of("config.json", "model.safetensors", "golden-pcm.safetensors", "parity.json")) {
            assertEquals(name, Files.readString(folder.resolve("real").resolve(name)));
        }
        assertFalse(Files.exists(folder.resolve("new")) || Files.exists(folder.resolve("new.png")));
    }

    /** A command in whose output's place something else stands once it has begun, as on a disk that became full. */
    private CommandRun obstructed(String output, Object... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter() {
            @Override
            public void flush() {
                try {
                    Files.createDirectories(folder.resolve(output));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        int code = CommandRun.printingTo(out, err, words);
        assertEquals(1, code, err.toString());
        assertTrue(
                err.toString().contains(folder.resolve(output) + ": found a file that cannot be written ("),
                err.toString());
        return new CommandRun(code, out.toString(), err.toString());
    }

    /** Of several outputs, the answer among them, one that cannot be written takes no other with it. */
    @Test
    void whatCannotBeWrittenKeepsNothingElseBack() throws IOException {
        Path model = TestModels.quick(folder.resolve("quick"));
        Path input = folder.resolve("street.rec");
        String answer = CommandRun.of("classify", "--model", model, input, "--csv")
                .done()
                .out();
        Path picture = folder.resolve("picture.svg");
        for (Object[] where : new Object[][] {{}, {"-o", folder.resolve("answer.csv")}}) {
            List<Object> words = new ArrayList<>(
                    List.of("classify", "--model", model, input, "--csv", "--window-hop", "1", "--picture", picture));
            words.addAll(List.of(where));
            String printed = obstructed("picture.svg", words.toArray()).out();
            assertEquals(answer, where.length == 0 ? printed : Files.readString(folder.resolve("answer.csv")));
            Files.delete(picture);
        }
        Path output = folder.resolve("hours.csv");
        assertEquals(
                answer,
                obstructed("hours.csv", "classify", "--model", model, input, "--csv", "-o", output)
                        .out());

        Path golden = CommandRun.GOLDEN.resolve("../parity/mobile-asc-net");
        for (String file : List.of("config.json", "model.safetensors", "golden-none.safetensors")) {
            Files.copy(golden.resolve(file), folder.resolve("real").resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.delete(folder.resolve("real/golden-pcm.safetensors"));
        Files.delete(folder.resolve("real/parity.json"));
        List<String> options = List.of("--junit", "--markdown", "--picture", "--record");
        // The record is there before anything is printed.
        for (String option : options.subList(0, 3)) {
            List<Object> words = new ArrayList<>(List.of("parity", folder.resolve("real"), "--backend", "portable"));
            options.forEach(each -> words.addAll(List.of(each, folder.resolve(each.substring(2)))));
            CommandRun run = obstructed(option.substring(2), words.toArray());
            assertTrue(run.out().contains("golden-none.safetensors"), run.out());
            for (String each : options) {
                Path file = folder.resolve(each.substring(2));
                assertEquals(!each.equals(option), Files.isRegularFile(file), option + " keeps back " + each);
                Files.delete(file);
            }
        }
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

    /** What other programs print to is no file here: one would be called so, and nothing printed. */
    @Test
    void theStandardOutputIsNoFile() {
        for (String command : List.of(
                "classify --model /model /street.rec -o -",
                "evaluate /model --metadata /set.csv --audio /audio" + " --report -")) {
            String[] words = command.replace(" /", " " + folder + "/").split(" ");
            String complaint = CommandRun.of((Object[]) words).failedInOneLine();
            assertTrue(complaint.startsWith("earshot: -: found no name of a file; expected one (./- is"), complaint);
        }
        assertFalse(Files.exists(Path.of("-")));
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
