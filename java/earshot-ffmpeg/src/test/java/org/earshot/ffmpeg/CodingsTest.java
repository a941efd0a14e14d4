package org.earshot.ffmpeg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.earshot.error.AudioException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Recordings in rare codings and what the ffmpeg program made of them: see tools/reference/fixtures/audio_damage.py.
 */
class CodingsTest {
    /** Within sixteen steps of 16 bits: releases of FFmpeg round ADPCM and MP3 differently. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ms-adpcm.wav",
                "ima-adpcm.wav",
                "yamaha.wav",
                "gsm.wav",
                "mp3.wav",
                "g726.wav",
                "ac3.wav",
                "alaw.aifc",
                "ulaw.aifc",
                "float.aifc",
                "ima.aifc",
                "gsm.aifc",
                "ulaw.caf",
                "pcm24.caf",
                "ima.caf",
                "alaw.au",
                "ima.mov"
            })
    void readsWhatFfmpegReads(String name) {
        ByteBuffer expected = ByteBuffer.wrap(Recordings.bytes(name + ".f32")).order(ByteOrder.LITTLE_ENDIAN);
        Recordings.Decoded decoded = Recordings.decode(Recordings.bytes(name), name);
        assertEquals(expected.remaining() / Float.BYTES, decoded.samples().length);
        for (int i = 0; i < decoded.samples().length; i++) {
            assertEquals(expected.getFloat(Float.BYTES * i), decoded.samples()[i], 0x1p-11, name + " at " + i);
        }
        assertEquals(List.of(), decoded.losses());
    }

    @ParameterizedTest
    @CsvSource({
        "dts.wav, 'WAV with sound in DCA (DTS Coherent Acoustics), which is not supported'",
        "dts.mka, 'Matroska with sound in DCA (DTS Coherent Acoustics), which is not supported'",
        "pcm.w64, 'Sony Wave64 audio, which is not supported'"
    })
    void namesWhatIsNotSupported(String name, String found) {
        AudioException e = assertThrows(AudioException.class, () -> Recordings.decode(Recordings.bytes(name), name));
        assertEquals(AudioException.Reason.FORMAT, e.reason());
        assertTrue(e.getMessage().startsWith(name + ": found " + found), e.getMessage());
    }
}
