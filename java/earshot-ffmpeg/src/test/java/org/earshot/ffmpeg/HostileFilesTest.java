package org.earshot.ffmpeg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostileFilesTest {
    /** 602 bytes that speak of 80 million samples; FFmpeg alone takes gigabytes for the index. */
    @Test
    void anIndexThatDoesNotFitTheFileIsRefused() {
        limit(
                Recordings.bytes("constant-size-index.m4a"),
                "an index (stts) of 80000000 samples in a file of 602 bytes");
    }

    /** The same count in each of the tables that can state one in a few bytes. */
    @ParameterizedTest
    @CsvSource({
        "stsz, 00000000 00000001 04c4b400",
        "stsz, 00000000 04c4b400 00000001",
        "stsz, 00000000 00000000 ffffffff",
        "stz2, 00000000 00000008 04c4b400",
        "stts, 00000000 00000001 04c4b400 00000400",
        "ctts, 00000000 00000001 04c4b400 00000400",
        "trun, 00000000 04c4b400",
        "saiz, 00000000 01 04c4b400"
    })
    void soIsEveryTableThatStatesACount(String box, String content) {
        byte[] table = box(box, hex(content));
        limit(file(box("moov", box("trak", box("mdia", box("minf", box("stbl", table)))))), "an index (" + box + ")");
        limit(file(box("moov"), box("moof", box("traf", table))), "an index (" + box + ")");
        // A box that claims to be longer than its parent, or to go on to the end.
        byte[] longer = table.clone();
        longer[0] = 0x7f;
        limit(file(box("moov", box("trak", longer))), "an index (" + box + ")");
        longer[0] = 0;
        longer[3] = 0;
        limit(file(box("moov", box("trak", longer))), "an index (" + box + ")");
    }

    @Test
    void countsOfManyTracksAddUp() {
        byte[][] tracks = new byte[50][];
        for (int i = 0; i < tracks.length; i++) {
            tracks[i] = box("trak", box("stsz", hex("00000000 00000001 00002000")));
        }
        limit(file(box("moov", tracks)), "an index (stsz)");
    }

    @Test
    void aCompressedIndexIsRefused() {
        AudioException e = assertThrows(
                AudioException.class, () -> Recordings.decode(file(box("moov", box("cmov", hex("00000000")))), "x"));
        assertTrue(e.getMessage().contains("compressed index (cmov)"), e.getMessage());
    }

    /** Seventeen chunks in one place, each a packet of nearly the whole file. */
    @Test
    void packetsThatLieOverEachOtherAreRefused() {
        byte[] file = Recordings.bytes("tone.m4a");
        int packets = 17;
        int at = 48;
        int size = file.length - at;
        ByteBuffer sizes =
                ByteBuffer.allocate(12 + 4 * packets).putInt(0).putInt(0).putInt(packets);
        ByteBuffer places = ByteBuffer.allocate(8 + 4 * packets).putInt(0).putInt(packets);
        for (int i = 0; i < packets; i++) {
            sizes.putInt(size);
            places.putInt(at);
        }
        byte[] hostile = replaced(file, "stsz", sizes.array());
        hostile = replaced(hostile, "stsc", hex("00000000 00000001 00000001 00000001 00000001"));
        hostile = replaced(hostile, "stco", places.array());
        limit(hostile, "an index whose first 3 packets have " + 3 * size + " bytes, in a file of " + hostile.length);
    }

    /** Another content for a table of the index, which lies at the end of the file. */
    private static byte[] replaced(byte[] file, String table, byte[] content) {
        int start = indexOf(file, table) - 4;
        int end = start + ByteBuffer.wrap(file).getInt(start);
        byte[] box = box(table, content);
        byte[] all = Recordings.join(Arrays.copyOf(file, start), box, Arrays.copyOfRange(file, end, file.length));
        for (String parent : List.of("moov", "trak", "mdia", "minf", "stbl")) {
            int size = indexOf(all, parent) - 4;
            ByteBuffer.wrap(all).putInt(size, ByteBuffer.wrap(all).getInt(size) + all.length - file.length);
        }
        return all;
    }

    /** As a download that was broken off: the index comes first, and speaks of more than has arrived. */
    @Test
    void anIndexOfWhatWasCutOffIsDamageAndNoLimit() {
        byte[] file = Recordings.bytes("tone.m4a");
        int moov = indexOf(file, "moov") - 4;
        byte[] index = Arrays.copyOfRange(file, moov, file.length);
        // The sound moves behind the index, and with it the place of its only chunk.
        int place = indexOf(index, "stco") + 12;
        ByteBuffer.wrap(index).putInt(place, ByteBuffer.wrap(index).getInt(place) + index.length);
        int media = indexOf(file, "mdat") - 4;
        byte[] first = Recordings.join(Arrays.copyOf(file, media), index, Arrays.copyOfRange(file, media, moov));
        float[] whole = Recordings.decode(file, "tone.m4a").samples();
        assertArrayEquals(whole, Recordings.decode(first, "tone.m4a").samples());
        int kept = media + index.length + (moov - media) / 4;
        Recordings.Decoded cut = Recordings.decode(Arrays.copyOf(first, kept), "tone.m4a");
        assertFalse(cut.losses().isEmpty(), "nothing said");
        assertArrayEquals(Arrays.copyOf(whole, cut.samples().length), cut.samples());
    }

    /** What FFmpeg would decode into noise without the key: MP4, WebM, and MP4 as the iTunes shop sold it. */
    @Test
    void anEncryptedRecordingIsRefusedAsSuch() {
        byte[] protectedByItunes = Recordings.bytes("tone.m4a");
        System.arraycopy(
                "drms".getBytes(StandardCharsets.US_ASCII),
                0,
                protectedByItunes,
                indexOf(protectedByItunes, "mp4a"),
                4);
        for (byte[] file :
                List.of(Recordings.bytes("encrypted.m4a"), Recordings.bytes("encrypted.webm"), protectedByItunes)) {
            AudioException e = assertThrows(AudioException.class, () -> Recordings.decode(file, "secret.m4a"));
            assertEquals(AudioException.Reason.FORMAT, e.reason(), e.getMessage());
            assertTrue(e.getMessage().startsWith("secret.m4a: found an encrypted recording"), e.getMessage());
        }
    }

    private static int indexOf(byte[] file, String text) {
        int index = new String(file, StandardCharsets.ISO_8859_1).indexOf(text);
        assertTrue(index >= 0, text);
        return index;
    }

    /** Silence that ends in a day of sound is cut off where the limits say. */
    @Test
    void limitsHoldWhileDecoding() {
        byte[] flac = Recordings.bytes("tone.flac");
        AudioLimits limits = AudioLimits.defaults().withMaxDuration(Duration.ofMillis(400));
        AudioException e = assertThrows(
                AudioException.class, () -> Recordings.decode(AudioFiles.open(flac, "street.flac", limits)));
        assertEquals(AudioException.Reason.LIMIT, e.reason());
        assertTrue(e.getMessage().startsWith("street.flac: found sound longer than 0.4 s"), e.getMessage());
        AudioLimits small = AudioLimits.defaults().withMaxBytes(flac.length - 1);
        assertEquals(
                AudioException.Reason.LIMIT,
                assertThrows(AudioException.class, () -> AudioFiles.open(flac, "x", small))
                        .reason());
    }

    /**
     * JavaCPP refuses to allocate while the process has more memory than a bound taken from its heap's, whoever has it.
     * FFmpeg's classes ask it for constants when they are initialised (some 45 MB are in use then); we ask for nothing.
     */
    @Test
    void aProcessBeyondJavaCppsBoundDecodes(@TempDir Path folder) throws IOException, InterruptedException {
        Path file = Files.write(folder.resolve("tone.flac"), Recordings.bytes("tone.flac"));
        String output = inAnotherProcess(
                List.of("-Xmx20m", "-XX:MaxDirectMemorySize=64m", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=72m"),
                CountSamples.class,
                file);
        assertTrue(output.trim().endsWith("16000 beyond the bound"), output);
    }

    /** A service with large networks and a small heap, whose first recordings were WAV. */
    @Test
    void aProcessThatHasMuchMoreMemoryThanItsHeapLoadsFfmpeg(@TempDir Path folder)
            throws IOException, InterruptedException {
        Path file = Files.write(folder.resolve("tone.flac"), Recordings.bytes("tone.flac"));
        String output =
                inAnotherProcess(List.of("-Xmx20m", "-XX:MaxDirectMemorySize=128m"), LoadBesideMuchMemory.class, file);
        assertEquals("16000", output.trim());
    }

    /** The other process: has five times its heap before it opens the first file. */
    static final class LoadBesideMuchMemory {
        private LoadBesideMuchMemory() {}

        public static void main(String[] arguments) {
            ByteBuffer ballast = CountSamples.touched(100 << 20);
            int samples =
                    Recordings.decode(AudioFiles.open(Path.of(arguments[0]))).samples().length;
            System.out.println(samples + " ".repeat(ballast.get(1)));
        }
    }

    /** Memory may have come free, a disk been emptied: the next recording tries anew. */
    @Test
    void aFirstLoadThatFailsDoesNotSpoilTheNext(@TempDir Path folder) throws IOException, InterruptedException {
        Path file = Files.write(folder.resolve("tone.flac"), Recordings.bytes("tone.flac"));
        Path libraries = Files.writeString(folder.resolve("libraries"), "no folder");
        String output = inAnotherProcess(
                List.of("-Dorg.bytedeco.javacpp.cachedir=" + libraries), LoadTwice.class, file, libraries);
        List<String> lines = output.lines().toList();
        assertEquals(2, lines.size(), output);
        assertTrue(
                lines.get(0).startsWith("UNAVAILABLE " + file)
                        && lines.get(0).contains("org.bytedeco.javacpp.cachedir"),
                output);
        assertEquals("16000", lines.get(1));
    }

    /** The other process: opens a file where libraries cannot be unpacked, and again when they can. */
    static final class LoadTwice {
        private LoadTwice() {}

        public static void main(String[] arguments) throws IOException {
            Path file = Path.of(arguments[0]);
            AudioException e = assertThrows(AudioException.class, () -> AudioFiles.open(file));
            System.out.println(e.reason() + " " + e.getMessage());
            Files.delete(Path.of(arguments[1]));
            System.out.println(Recordings.decode(AudioFiles.open(file)).samples().length);
        }
    }

    private static String inAnotherProcess(List<String> options, Class<?> program, Path... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path")
                + File.pathSeparator
                + System.getProperty("jdk.module.path", "")
                + File.pathSeparator
                + Path.of("target", "test-classes"));
        command.add(program.getName());
        Stream.of(arguments).map(Path::toString).forEach(command::add);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    /** The other process: prints how many samples a file has, and whether that was beyond JavaCPP's bound. */
    static final class CountSamples {
        private static final int BALLAST = 56 << 20;
        private static final int PAGE = 4096;

        private CountSamples() {}

        private static ByteBuffer touched(int bytes) {
            ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
            for (int i = 0; i < bytes; i += PAGE) {
                memory.put(i, (byte) 1);
            }
            return memory;
        }

        public static void main(String[] arguments) {
            Path file = Path.of(arguments[0]);
            Recordings.decode(AudioFiles.open(file));
            ByteBuffer ballast = touched(BALLAST);
            int samples = Recordings.decode(AudioFiles.open(file)).samples().length;
            boolean beyond = Pointer.physicalBytes() > Pointer.maxPhysicalBytes();
            System.out.println(samples + (beyond ? " beyond" : " within") + " the bound" + " ".repeat(ballast.get(0)));
        }
    }

    private static void limit(byte[] file, String found) {
        AudioException e = assertThrows(AudioException.class, () -> Recordings.decode(file, "hostile.m4a"));
        assertEquals(AudioException.Reason.LIMIT, e.reason(), e.getMessage());
        assertTrue(e.getMessage().startsWith("hostile.m4a: found " + found), e.getMessage());
    }

    private static byte[] file(byte[]... boxes) {
        return Recordings.join(box("ftyp", "M4A ".getBytes(StandardCharsets.US_ASCII)), Recordings.join(boxes));
    }

    private static byte[] box(String name, byte[]... content) {
        byte[] inside = Recordings.join(content);
        return ByteBuffer.allocate(8 + inside.length)
                .putInt(8 + inside.length)
                .put(name.getBytes(StandardCharsets.US_ASCII))
                .put(inside)
                .array();
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }
}
