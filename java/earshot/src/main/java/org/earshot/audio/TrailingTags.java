package org.earshot.audio;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/**
 * Tags behind a recording: ID3v1 (id3.org), Lyrics3 v2 and APEv2, in any order. A decoder would take them for damaged
 * frames.
 */
final class TrailingTags {
    private static final int ID3V1_BYTES = 128;
    private static final int APE_FOOTER_BYTES = 32;
    private static final int LYRICS_SIZE_DIGITS = 6;
    private static final String LYRICS_END = "LYRICS200";
    private static final int MAX_TAGS = 4;

    /** Formats that are a mere sequence of frames, so that what follows the last is taken for one. */
    private static final Set<AudioFormat> FORMATS =
            EnumSet.of(AudioFormat.MP3, AudioFormat.AAC, AudioFormat.FLAC, AudioFormat.TRUE_AUDIO, AudioFormat.WAVPACK);

    private TrailingTags() {}

    /** The first byte behind the recording. */
    static long end(ByteSource source, AudioFormat format, long start) throws IOException {
        long end = source.size();
        if (!FORMATS.contains(format)) {
            return end;
        }
        for (int tag = 0; tag < MAX_TAGS; tag++) {
            long size = lastTag(source, end);
            if (size <= 0 || end - size <= start) {
                break;
            }
            end -= size;
        }
        return end;
    }

    private static long lastTag(ByteSource source, long end) throws IOException {
        byte[] id3 = before(source, end, ID3V1_BYTES);
        if (FormatRecognition.stands("TAG", 0, id3)) {
            return ID3V1_BYTES;
        }
        byte[] ape = before(source, end, APE_FOOTER_BYTES);
        if (FormatRecognition.stands("APETAGEX", 0, ape)) {
            long size = number(ape, 12);
            boolean header = (ape[23] & 0x80) != 0;
            return header ? size + APE_FOOTER_BYTES : size;
        }
        int footer = LYRICS_SIZE_DIGITS + LYRICS_END.length();
        byte[] lyrics = before(source, end, footer);
        if (FormatRecognition.stands(LYRICS_END, LYRICS_SIZE_DIGITS, lyrics)) {
            String digits = new String(lyrics, 0, LYRICS_SIZE_DIGITS, StandardCharsets.ISO_8859_1);
            return digits.chars().allMatch(c -> c >= '0' && c <= '9') ? Long.parseLong(digits) + footer : 0;
        }
        return 0;
    }

    /** The bytes before a place; none if there are fewer. */
    private static byte[] before(ByteSource source, long end, int count) throws IOException {
        return end < count ? new byte[0] : FormatRecognition.bytes(source, end - count, count);
    }

    private static long number(byte[] bytes, int offset) {
        return (bytes[offset] & 0xffL)
                | ((bytes[offset + 1] & 0xffL) << 8)
                | ((bytes[offset + 2] & 0xffL) << 16)
                | ((bytes[offset + 3] & 0xffL) << 24);
    }
}
