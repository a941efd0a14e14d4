package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no recording is not taken for one, however much its bytes look like frames of MPEG audio. */
class FormatRecognitionTest {
    /** A header of layer III at 128 kbit/s and 44.1 kHz, whose frame has 417 bytes. */
    private static final byte[] LAYER_III = {(byte) 0xff, (byte) 0xfb, (byte) 0x90, 0x00};

    /** ISO 13818-1, 2.4.3: the frames that packets carry do not follow each other in the file. */
    @ParameterizedTest
    @CsvSource({"0, 188, 0", "4, 188, 0", "0, 188, 16"})
    void aTransportStreamIsNamed(int before, int packet, int behind) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        Random random = new Random(1);
        for (int i = 0; i < 40; i++) {
            byte[] bytes = new byte[before + packet + behind];
            random.nextBytes(bytes);
            bytes[before] = 0x47;
            System.arraycopy(LAYER_III, 0, bytes, before + 4, LAYER_III.length);
            file.writeBytes(bytes);
        }
        refused("an MPEG transport stream, which is not supported", file.toByteArray());
    }

    /** Sync bytes at one distance by chance are no stream. */
    @Test
    void aWordThatBeginsLikeAPacketIsNone() {
        byte[] text = new byte[2000];
        Arrays.fill(text, (byte) ' ');
        text[0] = 'G';
        text[188] = 'G';
        refused("a format that begins with 47 20", text);
        refused("a format that begins with 47 20", Arrays.copyOf(text, 200));
    }

    /** ISO 11172-1 (00 00 01 BA 2x) and ISO 13818-1 (00 00 01 BA 4x): the zeros in front are no filling. */
    @ParameterizedTest
    @ValueSource(strings = {"000001ba2100010001", "000001ba4400040004"})
    void aProgramStreamIsNamed(String head) {
        ByteBuffer file = ByteBuffer.allocate(20_000).put(HexFormat.of().parseHex(head));
        for (int frame = 0; frame < 3; frame++) {
            file.put(2048 + 417 * frame, LAYER_III);
        }
        refused("an MPEG program stream, which is not supported", file.array());
    }

    /** A header that leads beyond the end of the file is no proof of frames: it turns up in one of four such files. */
    @Test
    void shortFilesOfAnyBytesAreNotHeard() {
        for (int seed = 0; seed < 200; seed++) {
            byte[] file = new byte[3000 + 100 * seed];
            new Random(seed).nextBytes(file);
            refused("a format that begins with", file);
        }
    }

    /** As the tables of jumps in a program have them: every fourth and third byte is FF. */
    @Test
    void smallNegativeNumbersAreNotHeard() {
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            ByteBuffer file = ByteBuffer.allocate(1 << 15).order(ByteOrder.LITTLE_ENDIAN);
            file.putInt(0x464c457f);
            while (file.hasRemaining()) {
                file.putInt(-1 - random.nextInt(1 << 14));
            }
            refused("a format that begins with 7F 45", file.array());
        }
    }

    /** Recordings cut at both ends are known all the same, by two frames at the beginning or three anywhere. */
    @ParameterizedTest
    @CsvSource({"0, 2", "0, 1", "100, 3", "100, 2"})
    void framesAreKnownInFilesThatAreCut(int before, int whole) {
        ByteBuffer file = ByteBuffer.allocate(before + 417 * whole + 200);
        for (int frame = 0; frame <= whole; frame++) {
            file.put(before + 417 * frame, LAYER_III);
        }
        byte[] bytes = file.array();
        // Filling with zeros would be passed over.
        Arrays.fill(bytes, 0, before, (byte) 1);
        try (AudioInput input = AudioInput.of(bytes, "cut", AudioLimits.defaults())) {
            assertEquals(AudioFormat.MP3, input.format());
            assertEquals(417L * whole + 200, input.size());
        }
    }

    private static void refused(String found, byte... file) {
        AudioException e =
                assertThrows(AudioException.class, () -> AudioInput.of(file, "upload", AudioLimits.defaults())
                        .close());
        assertEquals(AudioException.Reason.FORMAT, e.reason());
        assertTrue(e.getMessage().startsWith("upload: found " + found), e.getMessage());
    }
}
