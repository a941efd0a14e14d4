package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.earshot.dataset.Dataset.Clip;
import org.earshot.dataset.Dataset.Unlabelled;
import org.earshot.model.ModelConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetTest {
    private static final String HEADER = "filename,location,record_time,scene_label\n";

    @TempDir
    Path folder;

    private Dataset set(String rows, String... files) throws IOException {
        for (String file : files) {
            Path path = folder.resolve(file);
            Files.createDirectories(path.getParent());
            Files.createFile(path);
        }
        return Dataset.open(Files.writeString(folder.resolve("metadata.csv"), HEADER + rows), folder);
    }

    private String complaint(String rows, String... files) {
        return assertThrows(DatasetException.class, () -> set(rows, files)).getMessage();
    }

    @Test
    void rowsMeetTheirFiles() throws IOException {
        Dataset set =
                set("b,Xi'an,2023-06-18 18:44,bus\nfolder/a.wav,,,\n", "a.wav", "deep/er/b.flac", "c.wav", "b.txt");
        List<Clip> clips = set.clips();
        assertEquals(2, clips.size());
        assertEquals("b", clips.get(0).name());
        assertEquals(folder.resolve("deep/er/b.flac"), clips.get(0).audio());
        assertEquals(Optional.of("Xi'an"), clips.get(0).context().city());
        assertEquals(Optional.of("bus"), clips.get(0).label());
        assertEquals(2, clips.get(0).line());
        assertEquals("folder/a.wav", clips.get(1).name());
        assertEquals(folder.resolve("a.wav"), clips.get(1).audio());
        assertTrue(clips.get(1).context().time().isEmpty());
    }

    @Test
    void missingFilesAreCountedAndTheFirstNamed() {
        String message = complaint("a.wav,,,\nb.wav,,,\nc.wav,,,\nd,,,\ne.wav,,,\n", "b.wav");
        assertTrue(message.contains("metadata.csv: found 4 of 5 rows without a file in " + folder), message);
        assertTrue(message.contains("line 2: \"a.wav\", line 4: \"c.wav\", line 5: \"d\", ...;"), message);
    }

    @Test
    void severalFilesForARowAreRefused() {
        String message = complaint("a,,,\nb.wav,,,\n", "a.wav", "a.flac", "b.wav");
        assertTrue(message.contains("1 of 2 rows with several files, such as line 2: "), message);
        assertTrue(message.contains("a.flac and ") && message.contains("a.wav"), message);
    }

    @Test
    void theSameFileInTwoFoldersIsRefused() {
        assertTrue(complaint("a.wav,,,\n", "x/a.wav", "y/a.wav").contains("with several files"));
    }

    private List<String> audio(String rows, String... files) throws IOException {
        return set(rows, files).clips().stream()
                .map(clip -> folder.relativize(clip.audio()).toString())
                .toList();
    }

    @Test
    void relativePathsTellFilesOfOneNameApart() throws IOException {
        assertEquals(
                List.of("metro/001.wav", "bus/001.wav", "001.wav"),
                audio("metro/001.wav,,,\nbus\\001,,,\n./001.wav,,,\n", "bus/001.wav", "metro/001.wav", "001.wav"));
    }

    /** DCASE's metadata begin with the folder that is searched; a set may also lie deeper than its metadata say. */
    @Test
    void moreOrFewerFoldersThanTheMetadataSayDoNotMatter() throws IOException {
        assertEquals(
                List.of("x/bus/001.wav", "x/metro/001.wav"),
                audio("audio/bus/001.wav,,,\n/home/me/Metro/001.wav,,,\n", "x/bus/001.wav", "x/metro/001.wav"));
    }

    @Test
    void aFileOfItsPathIsNotGivenToARowOfItsNameAlone() {
        String message = complaint("bus/001.wav,,,\nmetro/001.wav,,,\n", "metro/001.wav");
        assertTrue(message.contains("1 of 2 rows without a file"), message);
        assertTrue(message.contains("line 2: \"bus/001.wav\""), message);
    }

    @Test
    void unicodesFormsAreTheSameName() throws IOException {
        assertEquals(
                List.of("Ko\u0308ln.wav", "\u00c5ngstr\u00f6m.flac"),
                audio("K\u00f6ln.wav,,,\nA\u030angstro\u0308m,,,\n", "Ko\u0308ln.wav", "\u00c5ngstr\u00f6m.flac"));
    }

    @Test
    void bothFormsAsFilesGoToTheirOwnRows() throws IOException {
        assertEquals(
                List.of("o\u0308.wav", "\u00f6.wav"),
                audio("o\u0308.wav,,,\n\u00f6.wav,,,\n", "\u00f6.wav", "o\u0308.wav"));
    }

    @Test
    void caseAndConvertedFilesAreMatchedIfNothingElseIs() throws IOException {
        assertEquals(
                List.of("Street.WAV", "bus.flac", "a.wav", "A.wav"),
                audio(
                        "street.wav,,,\nbus.wav,,,\na.wav,,,\nA.wav,,,\n",
                        "Street.WAV",
                        "bus.flac",
                        "a.wav",
                        "A.wav",
                        "bus.txt"));
    }

    @Test
    void lookAlikesAreShownWithWhatDiffers() {
        // A Cyrillic letter, and a blank that is none.
        String message = complaint("\u041cetro1.wav,,,\nold town.wav,,,\n", "Metro1.wav", "old\u00a0town.wav");
        assertTrue(
                message.contains("(U+041C CYRILLIC CAPITAL LETTER EM, there U+004D LATIN CAPITAL LETTER M)"), message);
        assertTrue(message.contains("(U+0020 SPACE, there U+00A0 NO-BREAK SPACE)"), message);
    }

    @Test
    void filesOfAnyEndingMayBeNamed() throws IOException {
        assertEquals(List.of("a.raw", "b.mov"), audio("a.raw,,,\nb.mov,,,\n", "a.raw", "b.mov"));
    }

    /** A link to nothing that no row is about is no reason not to work. */
    @Test
    void whatNoRowIsAboutStopsNothing() throws IOException {
        Files.createSymbolicLink(folder.resolve("gone.wav"), folder.resolve("nothing"));
        assertEquals(List.of("a.wav"), audio("a.wav,,,\n", "a.wav", ".hidden/a.wav"));
        assertTrue(complaint("gone.wav,,,\n").contains("without a file"));
    }

    @Test
    void citiesThatAModelDoesNotKnowAreCountedWithWhatTheyMayMean() throws IOException {
        Dataset set = set(
                "a.wav,Xian,,\nb.wav,Xian,,\nc.wav,Paris,,\nd.wav,xi'an,,\ne.wav,,,\n",
                "a.wav",
                "b.wav",
                "c.wav",
                "d.wav",
                "e.wav");
        ModelConfig config = ModelConfig.read(Recordings.model(folder.resolve("model"), "\"ascmamba\"", "\"ascmamba\"")
                .resolve("config.json"));
        String message = set.unknownCities(config).orElseThrow();
        assertTrue(message.contains("found 3 of 4 recordings in cities that "), message);
        assertTrue(
                message.contains("\"Xian\" (2; did you mean Xi'an or Xianyang?), \"Paris\" (1); its first city"),
                message);
    }

    @Test
    void twoRowsForAFileAreRefused() {
        String message = complaint("a.wav,,,\na,,,\n", "a.wav");
        assertTrue(message.contains("1 of 2 rows whose file another row has too, such as line 3: \"a\""), message);
    }

    @Test
    void emptySetsAndMissingFoldersAreRefused() throws IOException {
        assertTrue(complaint("").contains("no row below the header"));
        Path csv = Files.writeString(folder.resolve("one.csv"), HEADER + "a.wav,,,\n");
        assertTrue(assertThrows(DatasetException.class, () -> Dataset.open(csv, folder.resolve("none")))
                .getMessage()
                .contains("no such folder"));
        assertTrue(assertThrows(DatasetException.class, () -> Dataset.open(csv, csv))
                .getMessage()
                .contains("a file"));
    }

    @Test
    void labelsAreMadeTheModels() throws IOException {
        Dataset set = set("a.wav,,,shopping_mall\nb.wav,,,\nc.wav,,,BUS\n", "a.wav", "b.wav", "c.wav");
        List<String> labels = List.of("Bus", "Shopping mall");
        Dataset labelled = set.labelled(labels, Unlabelled.LEFT_OUT);
        assertEquals(
                List.of(Optional.of("Shopping mall"), Optional.of("Bus")),
                labelled.clips().stream().map(Clip::label).toList());
        assertEquals(
                List.of("b.wav"),
                set.unlabelled().clips().stream().map(Clip::name).toList());
        assertTrue(assertThrows(DatasetException.class, () -> set.labelled(labels, Unlabelled.REFUSED))
                .getMessage()
                .contains("scene_label: found 1 of 3 rows without a label, such as line 3;"));
        String message = assertThrows(DatasetException.class, () -> set.labelled(List.of("Bus"), Unlabelled.LEFT_OUT))
                .getMessage();
        assertTrue(message.contains("metadata.csv: line 2: scene_label: found \"shopping_mall\"; expected one of Bus"));
        assertThrows(DatasetException.class, labelled::unlabelled);
        assertThrows(DatasetException.class, () -> set.unlabelled().labelled(labels, Unlabelled.LEFT_OUT));
    }

    @Test
    void citiesThatAModelRefusesAreNamedByTheirLine() throws IOException {
        Dataset set = set("a.wav,Hefei,,\nb.wav,Hefey,,\n", "a.wav", "b.wav");
        Path strict = Recordings.model(
                folder.resolve("strict"), "\"unknown_location\": \"first\"", "\"unknown_location\": \"error\"");
        ModelConfig config = ModelConfig.read(strict.resolve("config.json"));
        String message = assertThrows(DatasetException.class, () -> set.requireCities(config))
                .getMessage();
        assertTrue(message.contains("line 3: location: found \"Hefey\""), message);
        assertTrue(message.contains("did you mean Hefei?"), message);
    }
}
