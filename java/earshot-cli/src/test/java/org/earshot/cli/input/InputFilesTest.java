package org.earshot.cli.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.audio.AudioFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {
    @TempDir
    Path folder;

    private final List<String> complaints = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();

    @BeforeEach
    void fill() throws IOException {
        for (String file : List.of(
                "b.WAV", "a.flac", "notes.txt", "._a.flac", "deep/er/c.ogg", "deep/d.wav", "with space [1].wav")) {
            Files.createDirectories(folder.resolve(file).getParent());
            Files.createFile(folder.resolve(file));
        }
        Files.createDirectories(folder.resolve("folder.wav"));
    }

    private List<String> find(String... arguments) {
        return new InputFiles(e -> complaints.add(e.getMessage()), remarks::add)
                .find(List.of(arguments)).stream()
                        .map(file -> file.startsWith(folder)
                                ? folder.relativize(file).toString()
                                : file.toString())
                        .toList();
    }

    @Test
    void foldersGiveTheirRecordingsSorted() {
        assertEquals(
                List.of("a.flac", "b.WAV", "deep/d.wav", "deep/er/c.ogg", "with space [1].wav"),
                find(folder.toString()));
        assertEquals(List.of(), complaints);
    }

    @Test
    void patternsAreExpanded() {
        assertEquals(List.of("a.flac"), find(folder + "/*.flac"));
        assertEquals(List.of("deep/d.wav", "deep/er/c.ogg"), find(folder + "/deep/**"));
        assertEquals(List.of("a.flac", "deep/er/c.ogg"), find(folder + "/{a.flac,deep/*/c.ogg}"));
        assertEquals(List.of(), complaints);
    }

    @Test
    void anyFoldersMayBeNone() throws IOException {
        assertEquals(
                List.of("b.WAV", "deep/d.wav", "deep/er/c.ogg"),
                find(folder + "/**/*.{WAV,wav,ogg}").stream()
                        .filter(name -> !name.startsWith("with"))
                        .toList());
        assertEquals(List.of("deep/d.wav", "deep/er/c.ogg"), find(folder + "/deep/**/*"));
        assertEquals(List.of("deep/er/c.ogg"), find(folder + "/**/deep/**/er/**/c.*"));
        assertEquals(List.of("a.flac", "deep/d.wav"), find(folder + "/{**/a.flac,deep/**/d.wav}"));
        assertEquals(List.of(), find(folder + "/deep**/a.flac"));
        assertEquals(1, complaints.size());
        assertEquals(List.of(), find(folder + "/" + "**/".repeat(7) + "a.flac"));
        assertTrue(complaints.get(1).contains("more than 6 of **/"), complaints.get(1));
    }

    @Test
    void aFolderThatLooksLikeAPatternIsTakenByItsName() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("set [1]{a}"));
        Files.createFile(odd.resolve("x.wav"));
        assertEquals(List.of("set [1]{a}/x.wav"), find(odd + "/*.wav"));
    }

    @Test
    void hiddenFoldersAreLeftOutLikeHiddenFiles() throws IOException {
        Files.createDirectories(folder.resolve("deep/.cache/er"));
        Files.createFile(folder.resolve("deep/.cache/er/x.wav"));
        assertEquals(List.of("deep/d.wav", "deep/er/c.ogg"), find(folder + "/deep"));
        assertEquals(List.of("deep/d.wav"), find(folder + "/deep/**/*.wav"));
        assertEquals(List.of("deep/.cache/er/x.wav"), find(folder + "/deep/.cache"));
        assertEquals(List.of("deep/.cache/er/x.wav"), find(folder + "/deep/.c*/**/*.wav"));
        assertEquals(List.of(), complaints);
    }

    @Test
    void whatIsLeftOutIsCountedAndSaid() throws IOException {
        for (String name : List.of("a.txt", "b.csv", "README", "deep/c.txt", ".hidden.txt")) {
            Files.createFile(folder.resolve(name));
        }
        assertEquals(5, find(folder.toString()).size());
        assertEquals(
                List.of(folder + ": 5 files left out, not named like recordings: 3 .txt, 1 without ending, 1 .csv"),
                remarks);
    }

    /** Whatever a decoder reads is found in a folder too. */
    @Test
    void everyFormatIsFoundInAFolder() throws IOException {
        Path all = Files.createDirectory(folder.resolve("all"));
        List<String> names = new ArrayList<>();
        for (AudioFormat format : AudioFormat.values()) {
            for (String ending : format.endings()) {
                names.add("all/x." + ending);
                Files.createFile(all.resolve("x." + ending));
            }
        }
        names.sort(null);
        assertEquals(names, find(all.toString()));
        assertTrue(names.containsAll(List.of("all/x.mov", "all/x.mkv", "all/x.amr", "all/x.wav")));
        assertEquals(List.of(), remarks);
    }

    @Test
    void linksToNothingAreSaid() throws IOException {
        Path gone = Files.createSymbolicLink(folder.resolve("deep/gone.wav"), folder.resolve("nothing"));
        Files.createSymbolicLink(folder.resolve("deep/gone.txt"), folder.resolve("nothing"));
        assertEquals(List.of("deep/d.wav", "deep/er/c.ogg"), find(folder + "/deep"));
        assertEquals(List.of("deep/d.wav"), find(folder + "/deep/*.wav"));
        assertEquals(List.of(), find(gone.toString()));
        assertEquals(List.of(), find(folder + "/deep/g*.wav"));
        assertEquals(4, complaints.size(), complaints.toString());
        complaints.forEach(
                complaint -> assertTrue(complaint.startsWith(gone + ": found a link to nothing"), complaint));
    }

    @Test
    void namesThatLookLikePatternsAreTakenAsTheyAre() {
        assertEquals(List.of("with space [1].wav"), find(folder + "/with space [1].wav"));
        assertEquals(List.of("notes.txt"), find(folder + "/notes.txt"));
        assertEquals(List.of("missing.wav"), find(folder + "/missing.wav"));
    }

    @Test
    void whatMatchesNothingIsReportedAndTheOthersGoOn() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertEquals(List.of("b.WAV"), find(empty.toString(), folder + "/*.mp3", folder + "/[", folder + "/b.WAV"));
        assertEquals(3, complaints.size());
        assertTrue(complaints.get(0).contains("no recording in this folder"));
        assertTrue(complaints.get(1).contains("no file of this pattern"));
    }

    @Test
    void aLoopOfLinksEnds() throws IOException {
        Files.createSymbolicLink(folder.resolve("deep/loop"), folder);
        assertEquals(5, find(folder.toString()).size());
        assertEquals(List.of(), complaints);
    }

    @Test
    void aPathThatCannotBeIsReported() {
        assertEquals(List.of(), find("a\0b"));
        assertTrue(complaints.get(0).contains("no possible path"));
    }
}
