package org.earshot.audio;

import java.util.Arrays;

/** First bytes of the files that decoders are known for; MPEG audio and AAC have none, see {@link MpegFrames}. */
enum FileSignature {
    FLAC(AudioFormat.FLAC, 0, "fLaC"),
    OGG(AudioFormat.OGG, 0, "OggS"),
    MP4(AudioFormat.MPEG4, 4, "ftyp"),
    QUICKTIME_MOVIE(AudioFormat.MPEG4, 4, "moov"),
    QUICKTIME_DATA(AudioFormat.MPEG4, 4, "mdat"),
    QUICKTIME_WIDE(AudioFormat.MPEG4, 4, "wide"),
    MATROSKA(AudioFormat.MATROSKA, 0, "\u001aE\u00df\u00a3"),
    CORE_AUDIO(AudioFormat.CAF, 0, "caff"),
    AU(AudioFormat.AU, 0, ".snd"),
    WAVPACK(AudioFormat.WAVPACK, 0, "wvpk"),
    MONKEYS_AUDIO(AudioFormat.MONKEYS_AUDIO, 0, "MAC "),
    TRUE_AUDIO(AudioFormat.TRUE_AUDIO, 0, "TTA1"),
    AMR(AudioFormat.AMR, 0, "#!AMR"),
    WINDOWS_MEDIA(AudioFormat.WINDOWS_MEDIA, 0, "0&\u00b2u\u008ef\u00cf\u0011");

    private final AudioFormat format;
    private final int offset;
    private final String bytes;

    FileSignature(AudioFormat format, int offset, String bytes) {
        this.format = format;
        this.offset = offset;
        this.bytes = bytes;
    }

    /** The format of a file that begins so, or null. */
    static AudioFormat format(byte... head) {
        if (WavHeader.matches(head)) {
            return AudioFormat.WAV;
        }
        if (FormatRecognition.stands("FORM", 0, head)
                && (FormatRecognition.stands("AIFF", 8, head) || FormatRecognition.stands("AIFC", 8, head))) {
            return AudioFormat.AIFF;
        }
        return Arrays.stream(values())
                .filter(known -> FormatRecognition.stands(known.bytes, known.offset, head))
                .map(known -> known.format)
                .findFirst()
                .orElse(null);
    }
}
