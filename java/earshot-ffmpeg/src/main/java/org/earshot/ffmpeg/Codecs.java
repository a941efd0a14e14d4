package org.earshot.ffmpeg;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.earshot.audio.AudioFormat;

/** Which of FFmpeg's demuxers and decoders may run. */
final class Codecs {
    private static final Map<AudioFormat, String> DEMUXERS = new EnumMap<>(Map.ofEntries(
            Map.entry(AudioFormat.WAV, "wav"),
            Map.entry(AudioFormat.FLAC, "flac"),
            Map.entry(AudioFormat.OGG, "ogg"),
            Map.entry(AudioFormat.MP3, "mp3"),
            Map.entry(AudioFormat.AAC, "aac"),
            Map.entry(AudioFormat.MPEG4, "mov"),
            Map.entry(AudioFormat.MATROSKA, "matroska"),
            Map.entry(AudioFormat.AIFF, "aiff"),
            Map.entry(AudioFormat.CAF, "caf"),
            Map.entry(AudioFormat.AU, "au"),
            Map.entry(AudioFormat.WAVPACK, "wv"),
            Map.entry(AudioFormat.MONKEYS_AUDIO, "ape"),
            Map.entry(AudioFormat.TRUE_AUDIO, "tta"),
            Map.entry(AudioFormat.AMR, "amr"),
            Map.entry(AudioFormat.WINDOWS_MEDIA, "asf")));

    /** Those of the audio in such files. The codecs of video and pictures beside it are left alone. */
    private static final String DECODERS = String.join(
            ",",
            List.of(
                    "flac,vorbis,opus,libopus,speex,libspeex,mp3float,mp3,mp2float,mp2,mp1float,mp1",
                    "aac,aac_latm,alac,ac3,eac3,wavpack,ape,tta,amrnb,amrwb,wmav1,wmav2,wmapro,wmalossless",
                    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_u16le,pcm_u16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be",
                    "pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw",
                    "adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_ima_oki,adpcm_yamaha",
                    "g722,g726,g726le,g723_1,gsm,gsm_ms,truespeech,mace3,mace6,qdm2,qdmc"));

    private Codecs() {}

    static Set<AudioFormat> formats() {
        return DEMUXERS.keySet();
    }

    static String demuxer(AudioFormat format) {
        return DEMUXERS.get(format);
    }

    /** The demuxers as FFmpeg wants them listed; above all not those of playlists, which open further files. */
    static String demuxers() {
        return String.join(",", DEMUXERS.values());
    }

    /** The decoders as FFmpeg wants them listed. */
    static String decoders() {
        return DECODERS;
    }

    static boolean mayDecode(String decoder) {
        return ("," + DECODERS + ",").contains("," + decoder + ",");
    }
}
