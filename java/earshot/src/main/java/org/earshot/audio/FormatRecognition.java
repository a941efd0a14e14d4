package org.earshot.audio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.earshot.error.AudioException;

/**
 * Which format a file is in, and where in the file the recording lies: behind ID3v2 tags and filling with zeros, and in
 * front of ID3v1, Lyrics3 and APE tags. MPEG audio and AAC are found by frames that follow each other, wherever in the
 * first 64 KiB they begin, as such files are often cut without regard to frames.
 *
 * @param format what was found
 * @param start first byte of the recording
 * @param end first byte behind it
 */
record FormatRecognition(AudioFormat format, long start, long end) {
    /** Room for some packets of a transport stream, which are told by their distance. */
    private static final int HEAD_BYTES = 1024;

    /** How far a first frame is looked for. */
    private static final int SEARCH_BYTES = 1 << 16;

    private static final int ID3_HEADER_BYTES = 10;
    private static final int MAX_ID3_TAGS = 16;

    static FormatRecognition of(ByteSource source, String name) throws IOException {
        long start = behindTags(source);
        byte[] head = bytes(source, start, HEAD_BYTES);
        AudioFormat format = FileSignature.format(head);
        // Some that are refused by name begin with zeros themselves.
        if (format == null && head.length > 0 && head[0] == 0 && UnsupportedSignature.title(head) == null) {
            start = behindZeros(source, start);
            head = bytes(source, start, HEAD_BYTES);
            format = FileSignature.format(head);
        }
        if (format == null && UnsupportedSignature.title(head) == null) {
            MpegFrames frames =
                    MpegFrames.find(bytes(source, start, SEARCH_BYTES + MpegFrames.WINDOW_BYTES), SEARCH_BYTES);
            if (frames != null) {
                format = frames.format();
                start += frames.offset();
            }
        }
        if (format == null) {
            throw unknown(name, start, head);
        }
        return new FormatRecognition(format, start, TrailingTags.end(source, format, start));
    }

    /** The first byte behind ID3v2 tags (id3.org, ID3v2.4.0 structure, section 3.1), of which some files have two. */
    private static long behindTags(ByteSource source) throws IOException {
        long position = 0;
        for (int tag = 0; tag < MAX_ID3_TAGS; tag++) {
            byte[] header = bytes(source, position, ID3_HEADER_BYTES);
            if (header.length < ID3_HEADER_BYTES
                    || header[0] != 'I'
                    || header[1] != 'D'
                    || header[2] != '3'
                    || header[3] == (byte) 0xff
                    || (header[6] | header[7] | header[8] | header[9]) < 0) {
                break;
            }
            int size = (header[6] << 21) | (header[7] << 14) | (header[8] << 7) | header[9];
            boolean footer = (header[5] & 0x10) != 0;
            position += ID3_HEADER_BYTES + size + (footer ? ID3_HEADER_BYTES : 0);
        }
        return position;
    }

    /** The first byte that is not zero, or the start if there is none near. */
    private static long behindZeros(ByteSource source, long start) throws IOException {
        byte[] filling = bytes(source, start, SEARCH_BYTES);
        for (int i = 0; i < filling.length; i++) {
            if (filling[i] != 0) {
                return start + i;
            }
        }
        return start;
    }

    private static AudioException unknown(String name, long start, byte... head) {
        String what = UnsupportedSignature.title(head);
        String found;
        if (head.length == 0) {
            found = "a tag (ID3) with nothing behind it";
        } else if (what != null) {
            found = what + ", which is not supported";
        } else {
            found = "a format that begins with " + describe(head);
        }
        return new AudioException(
                AudioException.Reason.FORMAT,
                name,
                start > 0 && head.length > 0 ? found + " (behind " + start + " bytes of tags or filling)" : found,
                AudioFiles.supported());
    }

    private static String describe(byte... head) {
        StringBuilder hex = new StringBuilder();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(8, head.length); i++) {
            hex.append(String.format("%02X ", head[i]));
            text.append(head[i] >= ' ' && head[i] < 0x7f ? (char) head[i] : '.');
        }
        return hex + "(\"" + text + "\")";
    }

    /** Some bytes, fewer only where the file ends. */
    static byte[] bytes(ByteSource source, long position, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.max(0, Math.min(count, source.size() - position)));
        source.readFully(position, buffer);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** Whether bytes stand at a place. */
    static boolean stands(String ascii, int offset, byte... bytes) {
        byte[] wanted = ascii.getBytes(StandardCharsets.ISO_8859_1);
        return bytes.length >= offset + wanted.length
                && Arrays.equals(bytes, offset, offset + wanted.length, wanted, 0, wanted.length);
    }
}
