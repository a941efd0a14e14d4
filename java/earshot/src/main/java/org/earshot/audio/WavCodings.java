package org.earshot.audio;

import java.util.Map;

/** Names of the codings that WAV files state (RFC 2361 and Microsoft's mmreg.h), for messages. */
final class WavCodings {
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(0x0002, "Microsoft ADPCM"),
            Map.entry(0x0005, "IBM CVSD"),
            Map.entry(0x0008, "DTS"),
            Map.entry(0x0010, "OKI ADPCM"),
            Map.entry(0x0011, "IMA ADPCM"),
            Map.entry(0x0014, "G.723 ADPCM"),
            Map.entry(0x0020, "Yamaha ADPCM"),
            Map.entry(0x0022, "TrueSpeech"),
            Map.entry(0x0031, "GSM 6.10"),
            Map.entry(0x0040, "G.721 ADPCM"),
            Map.entry(0x0042, "G.723.1"),
            Map.entry(0x0045, "G.726 ADPCM"),
            Map.entry(0x0050, "MPEG layer I or II"),
            Map.entry(0x0055, "MP3"),
            Map.entry(0x0064, "G.726 ADPCM"),
            Map.entry(0x0065, "G.722"),
            Map.entry(0x00ff, "AAC"),
            Map.entry(0x0160, "Windows Media Audio 1"),
            Map.entry(0x0161, "Windows Media Audio 2"),
            Map.entry(0x0162, "Windows Media Audio Professional"),
            Map.entry(0x0163, "Windows Media Audio Lossless"),
            Map.entry(0x0270, "Sony ATRAC3"),
            Map.entry(0x1600, "AAC in ADTS"),
            Map.entry(0x2000, "Dolby AC-3"),
            Map.entry(0x2001, "DTS"),
            Map.entry(0x566f, "Ogg Vorbis"),
            Map.entry(0x674f, "Ogg Vorbis"),
            Map.entry(0xf1ac, "FLAC"));

    private WavCodings() {}

    /** What a format tag stands for, and the tag. */
    static String name(int tag) {
        String number = String.format("format tag 0x%04X", tag);
        String name = NAMES.get(tag);
        return name == null
                ? "WAV in a coding that is not known (" + number + ")"
                : "WAV in " + name + " (" + number + ")";
    }
}
