package org.earshot.ffmpeg;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.earshot.audio.AudioInput;
import org.earshot.error.AudioException;

/**
 * Looks through the boxes of an MPEG-4 or QuickTime file (ISO 14496-12) before FFmpeg does, for tables that state in a
 * few bytes that there are millions of samples: FFmpeg would write an entry for each. In an honest file a table speaks
 * of fewer bytes than the file has; only QuickTime's old codecs count what a few bytes become when they are decoded.
 */
final class Mpeg4Index {
    private static final int MAX_DEPTH = 16;
    private static final int MAX_BOXES = 1 << 20;
    private static final int HEADER_BYTES = 8;

    /** Samples that a byte may become: QDM2, the densest of the old codecs, has about eleven at its lowest rate. */
    private static final int SAMPLES_PER_BYTE = 16;

    /** Boxes that hold boxes, as FFmpeg reads them. */
    private static final Set<String> CONTAINERS = Set.of(
            "moov", "trak", "mdia", "minf", "stbl", "moof", "traf", "mvex", "edts", "dinf", "tref", "udta", "meta",
            "ilst", "wave", "sinf", "schi", "iprp", "ipco", "wide", "gmhd", "tapt");

    private final AudioInput input;

    /** How many samples all boxes of a kind speak of. */
    private final Map<String, Long> samples = new HashMap<>();

    private int boxes;
    private boolean indexSeen;

    private Mpeg4Index(AudioInput input) {
        this.input = input;
    }

    /**
     * Checks a file.
     *
     * @throws AudioException of reason {@link AudioException.Reason#LIMIT} if it states more samples than it can hold,
     *     of {@link AudioException.Reason#DAMAGED} if it has no index at all
     */
    static void check(AudioInput input) {
        Mpeg4Index index = new Mpeg4Index(input);
        index.walk(0, input.size(), 0);
        if (!index.indexSeen) {
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    input.name(),
                    "an MPEG-4 file without its index (moov), as if it had been cut off or was never finished",
                    "a complete file");
        }
    }

    private void walk(long start, long end, int depth) {
        long position = start;
        while (end - position >= HEADER_BYTES) {
            if (++boxes > MAX_BOXES) {
                throw limit("more than " + MAX_BOXES + " boxes", "fewer");
            }
            ByteBuffer header = bytes(position, 2 * HEADER_BYTES);
            if (header.remaining() < HEADER_BYTES) {
                return;
            }
            long size = Integer.toUnsignedLong(header.getInt());
            byte[] name = new byte[4];
            header.get(name);
            long content = position + HEADER_BYTES;
            if (size == 1 && header.remaining() >= Long.BYTES) {
                size = header.getLong();
                content += Long.BYTES;
            }
            // Zero, as what exceeds the parent, means up to its end.
            long next = size == 0 || size > end - position ? end : position + size;
            if (next < content) {
                return;
            }
            visit(new String(name, StandardCharsets.ISO_8859_1), content, next, depth);
            position = next;
        }
    }

    private void visit(String name, long start, long end, int depth) {
        indexSeen |= name.equals("moov") || name.equals("moof");
        switch (name) {
            case "cmov" ->
                throw new AudioException(
                        AudioException.Reason.FORMAT,
                        input.name(),
                        "a QuickTime file with a compressed index (cmov), which is not supported",
                        "one that is not compressed");
            // Version and flags, the size of all samples or 0, their count.
            case "stsz" -> count(name, start, 4, 8);
            case "stz2" -> count(name, start, -1, 8);
            // Version and flags, the count.
            case "trun", "saiz" -> count(name, start, -1, name.equals("trun") ? 4 : 5);
            case "stts", "ctts" -> runs(name, start, end);
            default -> {
                if (CONTAINERS.contains(name) && depth < MAX_DEPTH) {
                    // QuickTime's meta is a plain box, MPEG-4's has version and flags.
                    boolean versioned = name.equals("meta") && end - start >= 4 && number(start, 0) == 0;
                    walk(versioned ? start + 4 : start, end, depth + 1);
                }
            }
        }
    }

    private void count(String name, long start, int sizeAt, int countAt) {
        long count = number(start, countAt);
        long size = sizeAt < 0 ? 1 : Math.max(1, number(start, sizeAt));
        // Both have 32 bits: no overflow.
        add(name, count > Long.MAX_VALUE / size ? Long.MAX_VALUE : count * size);
    }

    /** Runs of equal samples, eight bytes each: how many, and what they have in common. */
    private void runs(String name, long start, long end) {
        long entries = Math.min(number(start, 4), (end - start) / 8);
        long position = start + 8;
        int block = 1 << 13;
        for (long left = entries; left > 0; left -= block) {
            int here = (int) Math.min(block, left);
            ByteBuffer table = bytes(position, 8 * here);
            for (int i = 0; i < here && table.remaining() >= 8; i++) {
                add(name, Integer.toUnsignedLong(table.getInt()));
                table.getInt();
            }
            position += 8L * here;
        }
    }

    private void add(String name, long count) {
        long sum = samples.merge(name, count, (a, b) -> a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b);
        if (sum > SAMPLES_PER_BYTE * input.size()) {
            throw limit(
                    "an index (" + name + ") of " + sum + " samples in a file of " + input.size() + " bytes",
                    "at most " + SAMPLES_PER_BYTE + " for each byte");
        }
    }

    private long number(long start, int offset) {
        ByteBuffer bytes = bytes(start + offset, 4);
        return bytes.remaining() < 4 ? 0 : Integer.toUnsignedLong(bytes.getInt());
    }

    private ByteBuffer bytes(long position, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        input.read(position, bytes);
        return bytes.flip();
    }

    private AudioException limit(String found, String expected) {
        return new AudioException(AudioException.Reason.LIMIT, input.name(), found, expected);
    }
}
