package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataTest {
    private static final String HEADER = "filename,location,record_time,scene_label\n";

    @TempDir
    Path folder;

    private Metadata read(String text) throws IOException {
        return Metadata.read(Files.writeString(folder.resolve("metadata.csv"), text));
    }

    private String complaint(String text) {
        return assertThrows(DatasetException.class, () -> read(text)).getMessage();
    }

    @Test
    void readsTheChallengesForm() throws IOException {
        Metadata csv = read("\uFEFF" + HEADER + "a.wav,Xi'an,2023-06-18 18:44:05,Bus\r\n"
                + "\"b, \"\"loud\"\".wav\",\"Xi'an\",2023-06-18T18:44,\r\n\r\n");
        assertEquals(2, csv.rows().size());
        assertEquals(
                new Metadata.Row(2, "a.wav", "Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44, 5), "Bus"),
                csv.row(Path.of("some/folder/a.wav")).orElseThrow());
        Metadata.Row quoted = csv.row(Path.of("b, \"loud\".wav")).orElseThrow();
        assertEquals(LocalDateTime.of(2023, 6, 18, 18, 44), quoted.time());
        assertNull(quoted.label());
        assertTrue(csv.row(Path.of("c.wav")).isEmpty());
        assertTrue(csv.row(Path.of("/")).isEmpty());
    }

    @Test
    void columnsMayStandInAnyOrderAndTheLabelBeMissing() throws IOException {
        Metadata csv = read("record_time,filename,location\n,audio/x.wav,\n");
        assertEquals(
                new Metadata.Row(2, "audio/x.wav", null, null, null),
                csv.row(Path.of("x.wav")).orElseThrow());
    }

    @Test
    void theColumnsOfPseudoLabelsAreAcceptedAndNoOthers() throws IOException {
        Metadata csv = read("""
                filename,location,record_time,scene_label,confidence,step,first_label,second_label,p:Bus
                a,Xi'an,2023-06-18 18:44:05,Bus,0.9,1,Bus,,0.9
                """);
        assertEquals("Bus", csv.row(Path.of("a.wav")).orElseThrow().label());
        assertTrue(complaint("filename,location,record_time,confidense\n").contains("header: found \"confidense\""));
        assertTrue(complaint("filename,location,record_time,p:\n").contains("header: found \"p:\""));
        assertTrue(complaint("filename,location,record_time,p:Bus,p:Bus\n").contains("twice \"p:Bus\""));
    }

    @Test
    void namesMayLackTheExtension() throws IOException {
        Metadata csv = read(HEADER + "clip_1,Xi'an,2023-06-18 18:44:05,\nclip_2.wav,Hefei,2023-06-18 18:44:05,\n");
        assertEquals("Xi'an", csv.row(Path.of("clip_1.wav")).orElseThrow().location());
        assertEquals("Hefei", csv.row(Path.of("clip_2.wav")).orElseThrow().location());
        assertTrue(csv.row(Path.of("clip_2")).isEmpty());
    }

    @Test
    void emptyFilesAndForeignHeadersAreRefused() {
        assertTrue(complaint("").contains("no header"));
        assertTrue(complaint("a.wav,Xi'an,2023-06-18 18:44,Bus\n").contains("header: found \"a.wav\""));
        assertTrue(complaint("filename,location\n").contains("expected filename,location,record_time,scene_label"));
        assertTrue(complaint("filename,filename,location,record_time\n").contains("twice \"filename\""));
        assertTrue(complaint("filename\tlocation\trecord_time\tscene_label\n").contains("header"));
    }

    @Test
    void badRowsAreNamedByTheirLine() {
        String message = complaint(HEADER + "a.wav,Xi'an,2023-06-18 18:44,Bus\nb.wav,Xi'an,yesterday,Bus\n");
        assertTrue(message.contains("metadata.csv: line 3: record_time: found \"yesterday\""), message);
        assertTrue(complaint(HEADER + "a.wav,Xi'an\n").contains("line 2: found 2 fields; expected 4"));
        assertTrue(complaint(HEADER + "a.wav,Xi'an,,,,\n").contains("line 2: found 6 fields; expected 4"));
        assertTrue(complaint(HEADER + "folder/,Xi'an,,\n").contains("line 2: filename"));
    }

    @Test
    void oneFileTwiceIsRefused() {
        String message = complaint(HEADER + "x/a.wav,Xi'an,,\nb.wav,,,\nx\\a.wav,Jinan,,\n");
        assertTrue(message.contains("line 4: filename: found \"x/a.wav\" again"), message);
    }

    @Test
    void rowsAreFoundByPathThenByName() throws IOException {
        Metadata csv = read(HEADER + "bus/1.wav,Jinan,,\nmetro/1.wav,Hefei,,\n2.wav,Sanya,,\nK\u00f6ln.wav,Xi'an,,\n");
        assertEquals("Jinan", csv.row(Path.of("set/bus/1.wav")).orElseThrow().location());
        assertEquals("Hefei", csv.row(Path.of("/a/Metro/1.wav")).orElseThrow().location());
        assertEquals("Sanya", csv.row(Path.of("x/2.wav")).orElseThrow().location());
        assertEquals("Xi'an", csv.row(Path.of("Ko\u0308ln.wav")).orElseThrow().location());
        String message = assertThrows(DatasetException.class, () -> csv.row(Path.of("tram/1.wav")))
                .getMessage();
        assertTrue(message.contains("found 2 rows for tram/1.wav, lines 2 and 3"), message);
        assertTrue(csv.row(Path.of("2.flac")).isEmpty());
        assertEquals("; line 4 has \"2.wav\"", csv.hint(Path.of("2.flac")));
        assertEquals("", csv.hint(Path.of("3.flac")));
    }

    /** 60 million fields, a field of 60 million characters, and as many empty lines: all within a small heap. */
    @ParameterizedTest
    @ValueSource(strings = {",", "\"\"", "a", "\n", "\""})
    void longRowsAreRefusedBeforeTheyFillTheMemory(String piece) throws IOException {
        Path file = folder.resolve("long.csv");
        try (Writer out = Files.newBufferedWriter(file)) {
            out.write(HEADER);
            for (int i = 0; i < 60_000_000 / piece.length(); i++) {
                out.write(piece);
            }
        }
        String message =
                assertThrows(DatasetException.class, () -> Metadata.read(file)).getMessage();
        assertTrue(message.contains("long.csv") && message.contains("a row of more than 262144 characters"), message);
        assertTrue(message.length() < 1000, message);
    }

    @Test
    void formulasAreReadBackAsTheyWere() throws IOException {
        for (String text : new String[] {"=1+2.wav", "'=x", "+a", "-b", "@c", "''@d", "'e", "f=g", " =h", "it's"}) {
            assertEquals(text, CsvText.original(CsvText.cell(text)));
        }
        assertEquals("'=1+2.wav", CsvText.cell("=1+2.wav"));
        assertEquals("'e", CsvText.cell("'e"));
        assertEquals(
                "=a.wav", read(HEADER + "'=a.wav,,,\n").rows().iterator().next().fileName());
    }

    @Test
    void controlCharactersAreRefused() {
        assertTrue(complaint(HEADER + "a\u001b[2J.wav,,,\n").contains("filename: found \"a\\u001B[2J.wav\""));
        assertTrue(complaint(HEADER + "a.wav,\"x\ny\",,\n").contains("location: found \"x\\ny\""));
    }

    @Test
    void hostileTextIsRefusedInOneLine() throws IOException {
        assertEquals(1, complaint(HEADER + "\"a.wav,never closed\n\n").lines().count());
        String message = complaint(HEADER + "a.wav,x,\"\n\u001b[2J" + "9".repeat(100_000) + "\",\n");
        assertEquals(1, message.lines().count());
        assertTrue(message.length() < 1000 && !message.contains("\u001b"), message);
        Path binary = Files.write(folder.resolve("binary.csv"), new byte[] {'f', (byte) 0xff, (byte) 0xfe, 0, 1});
        assertTrue(assertThrows(DatasetException.class, () -> Metadata.read(binary))
                .getMessage()
                .contains("UTF-8"));
        byte[] latin = (HEADER + "a.wav,M\u00fcnchen,,\n").getBytes(StandardCharsets.ISO_8859_1);
        Path other = Files.write(folder.resolve("latin.csv"), latin);
        assertThrows(DatasetException.class, () -> Metadata.read(other));
    }

    /** As spreadsheets save them unless told otherwise. */
    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16LE", "windows-1252", "ISO-8859-1"})
    void otherEncodingsAreNamed(String encoding) throws IOException {
        Path file = Files.write(folder.resolve("other.csv"), (HEADER + "a.wav,M\u00fcnchen,,\n").getBytes(encoding));
        String message =
                assertThrows(DatasetException.class, () -> Metadata.read(file)).getMessage();
        assertTrue(
                message.startsWith(file + ": found text that cannot be read (bytes that are no text of this encoding);"
                        + " expected CSV in UTF-8"),
                message);
    }

    @Test
    void aMissingFileAndAFolderAreRefused() {
        assertTrue(assertThrows(DatasetException.class, () -> Metadata.read(folder.resolve("none.csv")))
                .getMessage()
                .contains("no such file"));
        assertThrows(DatasetException.class, () -> Metadata.read(folder));
    }

    @ParameterizedTest
    @CsvSource({
        "2023-06-18T18:44, 2023-06-18T18:44",
        "2023-06-18 18:44, 2023-06-18T18:44",
        "2023-06-18 18:44:59, 2023-06-18T18:44:59",
        "2023-06-18T18:44:59.25, 2023-06-18T18:44:59",
        "2023/6/18 8:04, 2023-06-18T08:04",
        "2023-06-18-18-44, 2023-06-18T18:44",
        "2023-06-18-18-44-09, 2023-06-18T18:44:09",
        "2024-02-29 00:00, 2024-02-29T00:00"
    })
    void timesAreReadInManyForms(String text, LocalDateTime expected) {
        assertEquals(expected, RecordTime.parse(text).orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "noon",
                "18:44",
                "2023-06-18",
                "2023-02-29 00:00",
                "2023-13-01 00:00",
                "2023-06-18 24:00",
                "2023-06-18 18:60",
                "2023-06/18 18:44",
                "20230618T1844",
                "2023-06-18T18:44Z"
            })
    void otherTimesAreNone(String text) {
        assertTrue(RecordTime.parse(text).isEmpty());
    }
}
