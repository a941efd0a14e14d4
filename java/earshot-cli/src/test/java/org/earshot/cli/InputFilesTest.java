package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {
    @TempDir
    Path folder;

    private final List<String> complaints = new ArrayList<>();

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
        return InputFiles.find(List.of(arguments), e -> complaints.add(e.getMessage())).stream()
                .map(file -> file.startsWith(folder) ? folder.relativize(file).toString() : file.toString())
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
