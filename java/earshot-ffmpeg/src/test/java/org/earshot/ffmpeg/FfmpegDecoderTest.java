package org.earshot.ffmpeg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;
import org.earshot.AudioClip;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tones are written by tools/reference/fixtures/audio.py: 0.4 sin(2 pi 1000 t), mono. */
class FfmpegDecoderTest {
    @TempDir
    private Path folder;

    /**
     * Every sample of the tone but those at the edges, which a codec smears: value and time agree. Lossless files have
     * 16 bits, written with a scale of 2^15 - 1 and rounded: less than one step. Lossy ones may differ by a tenth of
     * the amplitude; a tone of 1 kHz that is one sample of 32 kHz late differs by two tenths.
     */
    @ParameterizedTest
    @CsvSource({
        "tone.flac, 32000, 0x1p-15",
        "tone.aiff, 8000, 0x1p-15",
        "tone-alac.m4a, 32000, 0x1p-15",
        "tone.mp3, 32000, 0.04",
        "tone.ogg, 44100, 0.04",
        "tone.opus, 48000, 0.04",
        "tone.m4a, 32000, 0.04",
        "tone.webm, 48000, 0.04"
    })
    void decodesTheToneInItsPlace(String name, int sampleRate, double tolerance) throws URISyntaxException {
        AudioClip clip = AudioClip.read(resource(name));
        assertEquals(sampleRate, clip.sampleRate());
        float[] pcm = clip.pcm();
        int edge = sampleRate / 20;
        for (int n = edge; n < pcm.length - edge; n++) {
            assertEquals(0.4 * Math.sin(2 * Math.PI * 1000 * n / sampleRate), pcm[n], tolerance, name + " at " + n);
        }
    }

    /** What the encoder added at the start and end is cut off, as libsndfile does. */
    @Test
    void lengthsAreThoseOfLibsndfile() throws IOException, URISyntaxException {
        Properties frames = new Properties();
        try (InputStream in = FfmpegDecoderTest.class.getResourceAsStream("/audio/libsndfile-frames.properties")) {
            frames.load(in);
        }
        assertEquals(5, frames.size());
        for (String name : frames.stringPropertyNames()) {
            assertEquals(
                    Integer.parseInt(frames.getProperty(name)),
                    AudioClip.read(resource(name)).samples(),
                    name);
        }
    }

    /** Half a second went in; these containers say how much of the last packet counts. */
    @ParameterizedTest
    @CsvSource({"tone-alac.m4a, 16000", "tone.webm, 24000"})
    void containersWithALengthKeepIt(String name, int frames) throws URISyntaxException {
        assertEquals(frames, AudioClip.read(resource(name)).samples());
    }

    /** FFmpeg heeds the start of an MP4 edit list, not its end: what fills the last packet of 1024 stays. */
    @Test
    void aacInMp4EndsWithAWholePacket() throws URISyntaxException {
        int samples = AudioClip.read(resource("tone.m4a")).samples();
        assertTrue(samples >= 16_000 && samples < 16_000 + 1024, samples + " samples");
    }

    /** ADTS does not say what the encoder added: 1024 frames of priming, and the last packet filled up. */
    @Test
    void adtsGivesWholePackets() throws URISyntaxException {
        int samples = AudioClip.read(resource("tone.aac")).samples();
        assertEquals(0, samples % 1024);
        assertTrue(samples >= 16_000 && samples <= 16_000 + 3 * 1024, samples + " samples");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "with space.x",
                "Stra\u00dfe \u6771\u4eac.x",
                ":colon",
                "http:x",
                "concat:a|b",
                "-y",
                "100%25.x",
                "a#b?c"
            })
    void anyNameWill(String name) throws IOException, URISyntaxException {
        assumeTrue(
                System.getProperty("sun.jnu.encoding", "").startsWith("UTF")
                        || StandardCharsets.US_ASCII.newEncoder().canEncode(name),
                "the file system's names are not Unicode here");
        Path file = Files.copy(resource("tone.flac"), folder.resolve(name));
        assertEquals(16_000, AudioClip.read(file).samples());
    }

    /** The Ogg file is cut near its end: it has only two pages of sound, and one of them has to be whole. */
    @ParameterizedTest
    @CsvSource({"tone.flac, 0.7", "tone.mp3, 0.7", "tone.aiff, 0.7", "tone.ogg, 0.96"})
    void aFileThatBreaksOffGivesWhatIsThere(String name, double share) throws IOException, URISyntaxException {
        byte[] whole = Files.readAllBytes(resource(name));
        Path file = Files.write(folder.resolve(name), Arrays.copyOf(whole, (int) (whole.length * share)));
        int samples = AudioClip.read(file).samples();
        int all = AudioClip.read(resource(name)).samples();
        assertTrue(samples > 0 && samples < all, name + ": " + samples + " of " + all);
    }

    /** The index at the end of the file is lost. */
    @Test
    void anMp4FileWithoutItsIndexIsRefused() throws IOException, URISyntaxException {
        byte[] m4a = Files.readAllBytes(resource("tone.m4a"));
        refused(Files.write(folder.resolve("cut.m4a"), Arrays.copyOf(m4a, m4a.length / 2)), "without its index (moov)");
    }

    @Test
    void refusesWhatHasNoSound() throws IOException, URISyntaxException {
        refused(resource("no-sound.mp4"), "no audio stream");
        for (String magic : new String[] {"fLaC", "OggS", "ID3", "....ftyp", "caff", "\u00ff\u00fb\u0090\u0000"}) {
            Path file = folder.resolve("magic-only");
            refused(Files.write(file, magic.getBytes(StandardCharsets.ISO_8859_1)), "");
            byte[] zeros = Arrays.copyOf(magic.getBytes(StandardCharsets.ISO_8859_1), 5000);
            assertThrows(AudioException.class, () -> AudioClip.read(Files.write(file, zeros)), magic);
        }
    }

    /** A playlist would make FFmpeg open what it names. */
    @Test
    void playlistsAreNotFollowed() throws IOException, URISyntaxException {
        String target = resource("tone.flac").toString();
        for (String playlist : new String[] {
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + target + "\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile '" + target + "'\n",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 4 RTP/AVP 0\n"
        }) {
            Path file = Files.writeString(folder.resolve("list.flac"), playlist);
            // Not even handed to FFmpeg.
            refused(file, playlist.startsWith("#") ? "a playlist" : "a format that begins with");
        }
    }

    /** Whatever is damaged, it is read or refused, and no file stays open. */
    @Test
    void damagedFilesLeaveNothingOpen() throws IOException, URISyntaxException {
        Path descriptors = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(descriptors), "open files can be counted only on Linux");
        AudioClip.read(resource("tone.flac"));
        long before = count(descriptors);
        for (String name : new String[] {"tone.flac", "tone.mp3", "tone.ogg", "tone.opus", "tone.m4a", "tone.webm"}) {
            byte[] good = Files.readAllBytes(resource(name));
            for (int i = 0; i < 40; i++) {
                byte[] bad = good.clone();
                int position = 4 + i * i * (good.length - 8) / 1600;
                bad[position] ^= (byte) 0xff;
                bad[position + 1] ^= (byte) 0x5a;
                Path file = Files.write(folder.resolve("bad"), bad);
                try {
                    AudioClip.read(file);
                } catch (AudioException e) {
                    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
                }
            }
        }
        assertEquals(before, count(descriptors));
    }

    @Test
    void aClosedStreamSaysSo() throws URISyntaxException {
        AudioStream stream = AudioFiles.open(resource("tone.mp3"));
        stream.close();
        stream.close();
        assertThrows(IllegalStateException.class, () -> stream.read(new float[10], 0, 10));
    }

    /** Real recordings, with the number of frames that libsndfile finds in them. */
    @ParameterizedTest
    @CsvSource({
        "birds.ogg, 5724392, 44100", "boat.ogg, 1832850, 44100", "city.ogg, 1087080, 44100",
        "coffee-shop.ogg, 734825, 44100", "summer-night.ogg, 2175040, 44100", "train.ogg, 173754, 24000",
        "wind.ogg, 654442, 44100"
    })
    void readsRecordings(String name, int frames, int sampleRate) {
        Path file = Path.of("..", "..", "..", "shared", "audio", name);
        assumeTrue(Files.isRegularFile(file), "the recordings are not part of the project");
        AudioClip clip = AudioClip.read(file);
        assertEquals(frames, clip.samples());
        assertEquals(sampleRate, clip.sampleRate());
    }

    private static void refused(Path file, String found) {
        String message =
                assertThrows(AudioException.class, () -> AudioClip.read(file)).getMessage();
        assertTrue(message.startsWith(file.toString()), message);
        assertTrue(message.contains(found), message);
    }

    private static long count(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.count();
        }
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(FfmpegDecoderTest.class.getResource("/audio/" + name), name)
                .toURI());
    }
}
