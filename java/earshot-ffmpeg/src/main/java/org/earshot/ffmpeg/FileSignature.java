package org.earshot.ffmpeg;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** First bytes of the files that FFmpeg is asked to read. */
enum FileSignature {
    FLAC(0, "fLaC"),
    OGG(0, "OggS"),
    ID3(0, "ID3"),
    MP4(4, "ftyp"),
    QUICKTIME_MOVIE(4, "moov"),
    QUICKTIME_DATA(4, "mdat"),
    QUICKTIME_WIDE(4, "wide"),
    MATROSKA(0, "\u001aE\u00df\u00a3"),
    AIFF(8, "AIFF"),
    AIFF_COMPRESSED(8, "AIFC"),
    CORE_AUDIO(0, "caff"),
    AU(0, ".snd"),
    WAVPACK(0, "wvpk"),
    MONKEYS_AUDIO(0, "MAC "),
    TRUE_AUDIO(0, "TTA1"),
    AMR(0, "#!AMR"),
    WINDOWS_MEDIA(0, "0&\u00b2u\u008ef\u00cf\u0011");

    /** Demuxers that may read them; above all not those of playlists, which open further files. */
    static final String DEMUXERS = "flac,ogg,mp3,aac,mov,matroska,aiff,caf,au,wv,ape,tta,amr,asf";

    /**
     * Decoders that may run: those of the audio in such files. The codecs of video and pictures beside it are left
     * alone.
     */
    static final String CODECS = String.join(
            ",",
            List.of(
                    "flac,vorbis,opus,libopus,speex,libspeex,mp3float,mp3,mp2float,mp2,mp1float,mp1",
                    "aac,aac_latm,alac,ac3,eac3,wavpack,ape,tta,amrnb,amrwb,wmav1,wmav2,wmapro,wmalossless",
                    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be",
                    "pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw"));

    private final int offset;
    private final String bytes;

    FileSignature(int offset, String bytes) {
        this.offset = offset;
        this.bytes = bytes;
    }

    static boolean isKnown(byte[] head) {
        String start = new String(head, StandardCharsets.ISO_8859_1);
        return isMpegAudioFrame(head)
                || Arrays.stream(values()).anyMatch(known -> start.startsWith(known.bytes, known.offset));
    }

    /** MP3 without a tag (ISO 11172-3 frame header) or AAC in ADTS (ISO 13818-7): 11 or 12 set bits to begin with. */
    private static boolean isMpegAudioFrame(byte[] head) {
        if (head.length < 4 || (head[0] & 0xff) != 0xff || (head[1] & 0xe0) != 0xe0) {
            return false;
        }
        boolean adts = (head[1] & 0xf6) == 0xf0;
        boolean reservedVersion = (head[1] & 0x18) == 0x08;
        boolean reservedLayer = (head[1] & 0x06) == 0;
        boolean badBitRate = (head[2] & 0xf0) == 0xf0;
        boolean reservedSampleRate = (head[2] & 0x0c) == 0x0c;
        return adts || !(reservedVersion || reservedLayer || badBitRate || reservedSampleRate);
    }
}
