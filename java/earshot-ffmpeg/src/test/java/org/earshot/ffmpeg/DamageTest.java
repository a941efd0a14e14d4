package org.earshot.ffmpeg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.AudioClip;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DamageTest {
    static Stream<Arguments> byFfmpeg() {
        return new String(Recordings.bytes("damage.csv"), StandardCharsets.US_ASCII)
                .lines()
                .skip(1)
                .map(line -> Arguments.of((Object[]) line.split(",")));
    }

    /** As many samples as the ffmpeg program gives, and where it complains, something is said. */
    @ParameterizedTest
    @MethodSource("byFfmpeg")
    void decodesOnAsFfmpegDoes(String name, String kind, double share, int count, int samples, boolean noticed) {
        byte[] file = Recordings.damage(Recordings.bytes(name), kind, share, count);
        if (samples == 0) {
            AudioException e = assertThrows(AudioException.class, () -> Recordings.decode(file, name));
            assertTrue(e.reason() == AudioException.Reason.DAMAGED || e.reason() == AudioException.Reason.FORMAT);
            return;
        }
        Recordings.Decoded decoded = Recordings.decode(file, name);
        assertEquals(samples, decoded.samples().length);
        if (kind.equals("none")) {
            assertEquals(List.of(), decoded.losses());
        } else if (noticed && !kind.equals("twice")) {
            assertFalse(decoded.losses().isEmpty(), "nothing said");
        }
    }

    /** What is decoded and what is said to be missing are together what was recorded. */
    @ParameterizedTest
    @CsvSource({
        "tone.flac, fill, 0.5, 40, 32000",
        "tone.flac, insert, 0.6, 26, 32000",
        "tone.flac, keep, 0.7, 0, 32000",
        "tone-alac.m4a, fill, 0.4, 40, 32000",
        "tone.mp3, insert, 0.6, 26, 32000",
        "tone.mp3, remove, 0.4, 300, 32000",
        "tone.mp3, keep, 0.7, 0, 32000",
        "tone.aac, fill, 0.5, 40, 32000",
        "tone.ogg, fill, 0.5, 40, 44100",
        "tone.ogg, insert, 0.6, 26, 44100",
        "tone.ogg, keep, 0.97, 0, 44100",
        "tone.ogg, fill, 0.97, 4, 44100",
        "tone.aiff, keep, 0.7, 0, 8000",
        "tone.webm, insert, 0.6, 26, 48000",
        "tone.webm, remove, 0.4, 300, 48000",
        "tone.webm, keep, 0.7, 0, 48000"
    })
    void whatIsMissingIsSaidInTime(String name, String kind, double share, int count, int rate) {
        byte[] whole = Recordings.bytes(name);
        double recorded = Recordings.decode(whole, name).samples().length / (double) rate;
        Recordings.Decoded decoded = Recordings.decode(Recordings.damage(whole, kind, share, count), name);
        double heard = decoded.samples().length / (double) rate;
        double missing = decoded.losses().stream()
                        .mapToLong(loss -> loss.length().toNanos())
                        .sum()
                / 1e9;
        // A frame of MP3 has 36 ms at this rate, one of AAC 32; the last one's filling does not count.
        assertEquals(recorded, heard + missing, 0.04, decoded.losses().toString());
        assertTrue(missing > 0, decoded.losses().toString());
        for (AudioLoss loss : decoded.losses()) {
            assertTrue(loss.at().toNanos() / 1e9 <= heard + 0.001, loss.toString());
        }
    }

    /** Wherever it was cut, also between two samples, of which FFmpeg makes a shorter recording that is whole. */
    @ParameterizedTest
    @ValueSource(ints = {200, 1000, 1001, 8000, 12_001})
    void whatACafFileLacksIsSaid(int kept) {
        int rate = 8000;
        int frames = 8000;
        ByteBuffer file = ByteBuffer.allocate(68 + 2 * frames);
        file.put("caff".getBytes(StandardCharsets.US_ASCII)).putInt(1 << 16);
        file.put("desc".getBytes(StandardCharsets.US_ASCII)).putLong(32).putDouble(rate);
        // Big-endian integers of 16 bits in one channel.
        file.put("lpcm".getBytes(StandardCharsets.US_ASCII))
                .putInt(0)
                .putInt(2)
                .putInt(1)
                .putInt(1)
                .putInt(16);
        file.put("data".getBytes(StandardCharsets.US_ASCII))
                .putLong(4 + 2 * frames)
                .putInt(0);
        for (int i = 0; i < frames; i++) {
            file.putShort((short) i);
        }
        Recordings.Decoded whole = Recordings.decode(file.array(), "night.caf");
        assertEquals(frames, whole.samples().length);
        assertEquals(List.of(), whole.losses());
        Recordings.Decoded cut = Recordings.decode(Arrays.copyOf(file.array(), 68 + kept), "night.caf");
        assertEquals(kept / 2, cut.samples().length);
        assertEquals(1, cut.losses().size(), cut.losses().toString());
        assertEquals(
                (frames - kept / 2) / (double) rate,
                cut.losses().get(0).length().toNanos() / 1e9,
                1e-6);
    }

    /** Blocks of a constant size, of which FFmpeg takes the header's count for one of samples. */
    @ParameterizedTest
    @ValueSource(strings = {"ima.aifc", "gsm.aifc"})
    void whatACompressedAiffFileLacksIsSaid(String name) {
        byte[] once = Recordings.bytes(name);
        int sound = new String(once, StandardCharsets.ISO_8859_1).indexOf("SSND") + 16;
        byte[] blocks = Arrays.copyOfRange(once, sound, once.length);
        int times = 100;
        ByteBuffer file = ByteBuffer.allocate(sound + times * blocks.length);
        file.put(once, 0, sound).putInt(sound - 12, 8 + times * blocks.length);
        for (int i = 0; i < times; i++) {
            file.put(blocks);
        }
        Recordings.Decoded whole = Recordings.decode(file.array(), name);
        assertEquals(List.of(), whole.losses());
        Recordings.Decoded cut = Recordings.decode(Arrays.copyOf(file.array(), sound + 70 * blocks.length), name);
        assertEquals(1, cut.losses().size(), cut.losses().toString());
        // To a block of GSM, 160 samples: its files are filled to an even length.
        assertEquals(
                (whole.samples().length - cut.samples().length) / 8000.0,
                cut.losses().get(0).length().toNanos() / 1e9,
                0.02);
    }

    /** What follows a lost page is that page's sound, at the place that the loss names. */
    @Test
    void soundBehindALossIsWhereItSays() {
        byte[] whole = Recordings.bytes("tone.flac");
        float[] good = Recordings.decode(whole, "whole").samples();
        Recordings.Decoded decoded = Recordings.decode(Recordings.damage(whole, "fill", 0.5, 40), "damaged");
        AudioLoss loss = decoded.losses().get(0);
        int at = (int) Math.round(loss.at().toNanos() * 32e-6);
        int missing = (int) Math.round(loss.length().toNanos() * 32e-6);
        assertEquals(good.length - missing, decoded.samples().length);
        for (int i = 0; i < decoded.samples().length; i++) {
            assertEquals(good[i < at ? i : i + missing], decoded.samples()[i]);
        }
    }

    /** The same page in the middle of a file of several, as many others before it as behind. */
    @Test
    void everyPageOfOggMayBeLost() {
        byte[] whole = Recordings.bytes("tone.ogg");
        float[] good = Recordings.decode(whole, "whole").samples();
        int pages = 0;
        for (int i = 0; i < whole.length - 4; i++) {
            if (whole[i] == 'O' && whole[i + 1] == 'g' && whole[i + 2] == 'g' && whole[i + 3] == 'S') {
                pages++;
                // Headers are on the first two pages.
                if (pages > 2) {
                    byte[] damaged = whole.clone();
                    damaged[i + 40] ^= 1;
                    Recordings.Decoded decoded = Recordings.decode(damaged, "damaged");
                    assertEquals(1, decoded.losses().size(), decoded.losses().toString());
                    double missing = decoded.losses().get(0).length().toNanos() / 1e9;
                    assertEquals((good.length - decoded.samples().length) / 44100.0, missing, 0.03);
                }
            }
        }
        assertTrue(pages > 3, pages + " pages");
    }

    /**
     * A chain whose recordings have the same serial number, as of files put behind each other: each is heard as by
     * itself, in whatever order long and short ones come. short.opus has 9600 samples by FFmpeg, and tone.opus' number.
     */
    @Test
    void everyRecordingOfAChainIsHeard() {
        byte[] tone = Recordings.bytes("tone.opus");
        byte[] brief = Recordings.bytes("short.opus");
        float[] first = Recordings.decode(tone, "tone").samples();
        float[] second = Recordings.decode(brief, "short").samples();
        assertEquals(9600, second.length);
        float[] expected = new float[2 * (first.length + second.length)];
        for (int at = 0; at < expected.length; at += first.length + second.length) {
            System.arraycopy(first, 0, expected, at, first.length);
            System.arraycopy(second, 0, expected, at + first.length, second.length);
        }
        byte[] chain = Recordings.join(tone, brief, tone, brief);
        Recordings.Decoded decoded = Recordings.decode(chain, "chain");
        assertEquals(List.of(), decoded.losses());
        assertArrayEquals(expected, decoded.samples());

        // What is damaged in one of them is said, and the others are heard.
        chain[tone.length + brief.length - 20] ^= 1;
        decoded = Recordings.decode(chain, "damaged chain");
        assertEquals(1, decoded.losses().size(), decoded.losses().toString());
        double missing = decoded.losses().get(0).length().toNanos() / 1e9;
        assertEquals((expected.length - decoded.samples().length) / 48000.0, missing, 0.03);
    }

    @Test
    void strictRefuses() {
        byte[] file = Recordings.damage(Recordings.bytes("tone.flac"), "fill", 0.5, 40);
        AudioLimits strict = AudioLimits.defaults().withStrict(true);
        AudioException e = assertThrows(
                AudioException.class, () -> Recordings.decode(AudioFiles.open(file, "street.flac", strict)));
        assertEquals(AudioException.Reason.DAMAGED, e.reason());
        assertTrue(e.getMessage().startsWith("street.flac: found damage at 0."), e.getMessage());
        Recordings.decode(AudioFiles.open(Recordings.bytes("tone.flac"), "street.flac", strict));
    }

    @Test
    void aClipSaysWhatItLacks() {
        byte[] file = Recordings.damage(Recordings.bytes("tone.mp3"), "insert", 0.6, 26);
        AudioClip clip = AudioClip.read(file, "street.mp3");
        assertEquals(1, clip.losses().size());
        assertEquals(Duration.ofMillis(36), clip.losses().get(0).length());
        assertEquals(clip.losses(), clip.resampled(44_100).losses());
        assertEquals(
                List.of(),
                AudioClip.read(Recordings.bytes("tone.mp3"), "street.mp3").losses());
    }

    /** Some programs leave room for a tag in front; FFmpeg's own then plays the frame that holds the length. */
    @ParameterizedTest
    @CsvSource({"tone.mp3", "tone.aac", "tone.flac", "tone.ogg"})
    void fillingInFrontIsLeftOut(String name) {
        assertSame(name, Recordings.join(new byte[1500], Recordings.bytes(name)));
    }

    /** Tags in front and behind are no damage, nor is filling. */
    @ParameterizedTest
    @CsvSource({"tone.mp3", "tone.aac", "tone.flac", "tone.ogg", "tone.aiff", "tone.m4a", "alaw.au"})
    void tagsInFrontAreLeftOut(String name) {
        byte[] whole = Recordings.bytes(name);
        byte[] tag = Recordings.join(new byte[] {'I', 'D', '3', 4, 0, 0, 0, 0, 1, 44}, Recordings.filled(172, 0x30));
        assertSame(name, Recordings.join(tag, whole));
        assertSame(name, Recordings.join(tag, tag, whole));
    }

    @ParameterizedTest
    @CsvSource({"tone.mp3", "tone.aac", "tone.flac"})
    void tagsBehindAreLeftOut(String name) {
        byte[] whole = Recordings.bytes(name);
        byte[] id3 = Arrays.copyOf(new byte[] {'T', 'A', 'G', 'x'}, 128);
        byte[] ape = new byte[32 + 50];
        System.arraycopy("APETAGEX".getBytes(StandardCharsets.US_ASCII), 0, ape, 50, 8);
        ape[50 + 12] = 82;
        assertSame(name, Recordings.join(whole, id3));
        assertSame(name, Recordings.join(whole, ape, id3));
        if (!name.equals("tone.mp3")) {
            // FFmpeg plays on into them there.
            assertSame(name, Recordings.join(whole, new byte[500]));
        }
    }

    private static void assertSame(String name, byte[] file) {
        Recordings.Decoded expected = Recordings.decode(Recordings.bytes(name), name);
        Recordings.Decoded decoded = Recordings.decode(file, name);
        assertEquals(expected.samples().length, decoded.samples().length);
        assertEquals(List.of(), decoded.losses());
        assertTrue(Arrays.equals(expected.samples(), decoded.samples()));
    }

    /** A file of nothing but damaged frames has as many losses as can be listed, not millions. */
    @Test
    void lossesAreBounded() {
        byte[] frame = Recordings.bytes("tone.aac");
        byte[][] many = new byte[300][];
        Arrays.fill(many, Recordings.join(frame, Recordings.filled(7, 0xaa)));
        Recordings.Decoded decoded = Recordings.decode(Recordings.join(many), "many.aac");
        assertTrue(
                decoded.losses().size() >= 250 && decoded.losses().size() <= 1000,
                decoded.losses().size() + "");
    }

    @Test
    void anEarlyCloseIsNoLoss() {
        try (AudioStream stream = AudioFiles.open(Recordings.bytes("tone.ogg"), "tone.ogg", AudioLimits.defaults())) {
            stream.read(new float[100], 0, 100);
            assertEquals(List.of(), stream.losses());
        }
    }
}
