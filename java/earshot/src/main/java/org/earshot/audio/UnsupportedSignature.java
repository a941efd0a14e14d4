package org.earshot.audio;

import java.util.Arrays;

/**
 * First bytes of files that are no recordings, or of formats that no decoder here reads, so that messages name them.
 */
enum UnsupportedSignature {
    DTS_BIG_ENDIAN("DTS audio", 0, "\u007f\u00fe\u0080\u0001"),
    DTS_LITTLE_ENDIAN("DTS audio", 0, "\u00fe\u007f\u0001\u0080"),
    DTS_BIG_ENDIAN_14("DTS audio", 0, "\u001f\u00ff\u00e8\u0000"),
    DTS_LITTLE_ENDIAN_14("DTS audio", 0, "\u00ff\u001f\u0000\u00e8"),
    DTS_HD("DTS-HD audio", 0, "DTSHDHDR"),
    AC3("Dolby AC-3 audio", 0, "\u000bw"),
    AVI("AVI video", 8, "AVI "),
    MIDI("a MIDI file, which holds notes and no sound", 0, "MThd"),
    RIFF_MIDI("a MIDI file, which holds notes and no sound", 8, "RMID"),
    WAVE64("Sony Wave64 audio", 0, "riff.\u0091\u00cf\u0011"),
    DSF("DSD audio (DSF)", 0, "DSD "),
    DSDIFF("DSD audio (DSDIFF)", 0, "FRM8"),
    SVX("8SVX audio", 8, "8SVX"),
    MUSEPACK_8("Musepack audio", 0, "MPCK"),
    MUSEPACK_7("Musepack audio", 0, "MP+"),
    TAK("TAK audio", 0, "tBaK"),
    OPTIMFROG("OptimFROG audio", 0, "OFR "),
    SHORTEN("Shorten audio", 0, "ajkg"),
    REAL_AUDIO("RealAudio", 0, ".ra\u00fd"),
    REAL_MEDIA("RealMedia", 0, ".RMF"),
    FLASH_VIDEO("Flash video", 0, "FLV\u0001"),
    PROGRAM_STREAM("an MPEG program stream", 0, "\u0000\u0000\u0001\u00ba"),
    SILK("Skype SILK audio", 0, "#!SILK"),
    CREATIVE_VOICE("Creative Voice audio", 0, "Creative Voice File"),
    SPHERE("NIST SPHERE audio", 0, "NIST_1A"),
    NUMPY("a NumPy array, not a recording", 0, "\u0093NUMPY"),
    ZIP("a zip archive, not a recording (its files can be read through Java's zip file system)", 0, "PK\u0003\u0004"),
    GZIP("a gzip archive, not a recording", 0, "\u001f\u008b\b"),
    SEVEN_ZIP("a 7z archive, not a recording", 0, "7z\u00bc\u00af'\u001c"),
    PDF("a PDF document, not a recording", 0, "%PDF"),
    PNG("a PNG picture, not a recording", 0, "\u0089PNG"),
    JPEG("a JPEG picture, not a recording", 0, "\u00ff\u00d8\u00ff"),
    PLAYLIST("a playlist, not a recording", 0, "#EXTM3U"),
    PLAYLIST_INI("a playlist, not a recording", 0, "[playlist]"),
    HTML("a web page, not a recording", 0, "<!DOCTYPE"),
    HTML_TAG("a web page, not a recording", 0, "<html"),
    GIT_LFS(
            "a Git LFS pointer, not the recording it stands for (git lfs pull fetches it)",
            0,
            "version https://git-lfs");

    private static final int SYNC_BYTE = 0x47;

    /** Fewest packets that tell a transport stream: of fewer the sync bytes may be chance. */
    private static final int PACKETS_WANTED = 3;

    private final String title;
    private final int offset;
    private final String bytes;

    UnsupportedSignature(String title, int offset, String bytes) {
        this.title = title;
        this.offset = offset;
        this.bytes = bytes;
    }

    /** What a file is that begins so, or null. */
    static String title(byte... head) {
        return Arrays.stream(values())
                .filter(known -> FormatRecognition.stands(known.bytes, known.offset, head))
                .map(known -> known.title)
                .findFirst()
                .orElseGet(() -> isTransportStream(head) ? "an MPEG transport stream" : null);
    }

    /**
     * ISO 13818-1, 2.4.3.2: packets of 188 bytes; with a time before (of Blu-ray, M2TS) or a check behind (of DVB)
     * each. The sound in them must not be taken for a bare stream of its frames, which the packets break.
     */
    private static boolean isTransportStream(byte... head) {
        return isTransportStream(head, 0, 188) || isTransportStream(head, 4, 192) || isTransportStream(head, 0, 204);
    }

    private static boolean isTransportStream(byte[] head, int first, int distance) {
        int packets = 0;
        for (int at = first; at < head.length; at += distance) {
            if (head[at] != SYNC_BYTE) {
                return false;
            }
            packets++;
        }
        return packets >= PACKETS_WANTED;
    }
}
