package org.earshot.ffmpeg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.earshot.audio.AudioInput;

/**
 * Walks through the pages of an Ogg file (RFC 3533) and finds those that are damaged or missing. FFmpeg leaves them out
 * without a word, and closes up the times behind them.
 */
final class OggPages {
    /**
     * Pages that are missing between two good ones.
     *
     * @param before end of the good page before, in the granules of the stream, counted from the first page on
     * @param after end of the good page behind; of the damaged one itself where none follows
     * @param share of the time between the two that is missing, by the pages' numbers
     * @param sure whether damaged bytes were seen, not only a number left out, which some writers do
     */
    record Gap(long before, long after, double share, boolean sure) {
        /** Granules that are missing, as far as can be told without decoding. */
        double missing() {
            return Math.max(0, after - before) * share;
        }
    }

    private static final int HEADER_BYTES = 27;
    private static final int MAX_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255;
    private static final int BEGIN_OF_STREAM = 2;
    private static final int CAPTURE = 0x5367674f; // "OggS", read little endian
    private static final int POLYNOMIAL = 0x04c11db7;
    private static final int[] CHECKSUMS = checksums();

    /** Opening each takes time; nobody has a chain of more. */
    private static final int MAX_LINKS = 10_000;

    /** More than this many tell no more. */
    private static final int MAX_GAPS = 100_000;

    private static final String OPUS = "OpusHead";
    private static final String[] AUDIO_HEADERS = {OPUS, "\u0001vorbis", "\u007fFLAC", "fLaC", "Speex   "};

    private final AudioInput input;
    private final ByteBuffer window = ByteBuffer.allocate(4 * MAX_PAGE_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .limit(0);

    /** Where in the file the window begins. */
    private long windowStart;

    private final List<Gap> gaps = new ArrayList<>();
    private int links;

    /** Where the recordings of a chain begin. */
    private final List<Long> starts = new ArrayList<>();

    private final Set<Long> serials = new HashSet<>();
    private boolean serialsRecur;

    /** The first of the pages that stand together at the beginning of a recording. */
    private long groupStart;

    private boolean inGroup;
    private long skipped;

    /** Of the stream that is followed: its serial number, its last good page's number and end. */
    private long serial = -1;

    private long number;
    private long end;

    /** End of all streams before it, where several are put one behind the other. */
    private long base;

    private boolean damaged;

    /** End of the last damaged page of the stream, as its header has it; negative if there is none. */
    private long damagedEnd = -1;

    private OggPages(AudioInput input) {
        this.input = input;
    }

    /** Reads a file to its end. */
    static OggPages of(AudioInput input) {
        OggPages pages = new OggPages(input);
        pages.walk();
        return pages;
    }

    /** Missing pages, in the order of time. */
    List<Gap> gaps() {
        return gaps;
    }

    /** End of the sound in granules, if all of it is one stream that begins at zero; else 0. */
    long length() {
        return links == 1 ? Math.max(0, end - skipped) : 0;
    }

    /**
     * Where the recordings of a chain of Opus begin whose serial numbers recur, as when a file is put behind itself
     * (RFC 3533 wants them to differ): FFmpeg then goes on with the times of the one before, and leaves out sound that
     * seems to lie behind the end.
     *
     * @return places in the file, the first being 0; only that of any other file
     */
    List<Long> starts() {
        return serialsRecur && starts.size() <= MAX_LINKS ? starts : List.of(0L);
    }

    private void walk() {
        long position = 0;
        while (position < input.size()) {
            int length = goodPage(position);
            if (length > 0) {
                page(position);
                position += length;
            } else {
                if (!damaged) {
                    damaged = position > 0 || links > 0;
                }
                position = nextCapture(position + 1);
            }
        }
        if (damaged && links > 0) {
            add(new Gap(base + end, base + Math.max(end, damagedEnd), 1, true));
        }
    }

    /** Length of the page at a place, 0 if there is none whose checksum is right. */
    private int goodPage(long position) {
        int offset = at(position, HEADER_BYTES);
        if (offset < 0 || window.getInt(offset) != CAPTURE) {
            return 0;
        }
        int segments = window.get(offset + 26) & 0xff;
        offset = at(position, HEADER_BYTES + segments);
        if (offset < 0) {
            noteDamagedEnd(position);
            return 0;
        }
        int length = HEADER_BYTES + segments;
        for (int i = 0; i < segments; i++) {
            length += window.get(offset + HEADER_BYTES + i) & 0xff;
        }
        offset = at(position, length);
        if (offset < 0 || checksum(offset, length) != window.getInt(offset + 22)) {
            noteDamagedEnd(position);
            return 0;
        }
        return length;
    }

    private void noteDamagedEnd(long position) {
        int offset = at(position, HEADER_BYTES);
        long stated = window.getLong(offset + 6);
        if (Integer.toUnsignedLong(window.getInt(offset + 14)) == serial && stated > end) {
            damagedEnd = stated;
        }
    }

    private void page(long position) {
        int offset = at(position, HEADER_BYTES);
        long its = Integer.toUnsignedLong(window.getInt(offset + 14));
        long itsNumber = Integer.toUnsignedLong(window.getInt(offset + 18));
        long granule = window.getLong(offset + 6);
        boolean begins = (window.get(offset + 5) & BEGIN_OF_STREAM) != 0;
        if (begins && !inGroup) {
            groupStart = position;
        }
        inGroup = begins;
        if (begins) {
            begin(position, its, itsNumber);
            return;
        }
        if (its != serial) {
            return;
        }
        long left = itsNumber - number - 1;
        if (damaged || left != 0) {
            // A number that went back says nothing.
            double pages = Math.max(1, left);
            add(new Gap(base + end, base + Math.max(end, granule), pages / (pages + 1), damaged));
        }
        damaged = false;
        damagedEnd = -1;
        number = itsNumber;
        if (granule >= 0) {
            end = granule;
        }
    }

    private void begin(long position, long its, long itsNumber) {
        int segments = window.get(at(position, HEADER_BYTES) + 26) & 0xff;
        int content = at(position, HEADER_BYTES + segments + 16);
        if (content < 0) {
            return;
        }
        content += HEADER_BYTES + segments;
        byte[] head = new byte[8];
        window.get(content, head);
        String text = new String(head, StandardCharsets.ISO_8859_1);
        for (String header : AUDIO_HEADERS) {
            if (text.startsWith(header)) {
                if (damaged && links > 0) {
                    add(new Gap(base + end, base + Math.max(end, damagedEnd), 1, true));
                    end = Math.max(end, damagedEnd);
                    damaged = false;
                }
                damagedEnd = -1;
                base += end;
                links++;
                if (starts.isEmpty()) {
                    starts.add(0L);
                } else if (groupStart > starts.get(starts.size() - 1)) {
                    starts.add(groupStart);
                }
                serialsRecur |= !serials.add(its) && header.equals(OPUS);
                serial = its;
                number = itsNumber;
                end = 0;
                skipped = header.equals(OPUS) ? Short.toUnsignedInt(window.getShort(content + 10)) : 0;
            }
        }
    }

    private void add(Gap gap) {
        if (gaps.size() < MAX_GAPS) {
            gaps.add(gap);
        }
    }

    private long nextCapture(long from) {
        long position = from;
        while (position < input.size()) {
            int offset = at(position, Integer.BYTES);
            if (offset < 0) {
                return input.size();
            }
            int last = window.limit() - Integer.BYTES;
            for (int i = offset; i <= last; i++) {
                if (window.get(i) == 'O' && window.getInt(i) == CAPTURE) {
                    return windowStart + i;
                }
            }
            position = windowStart + last + 1;
        }
        return position;
    }

    /** Where in the window the bytes at a place of the file are; -1 if the file has not so many. */
    private int at(long position, int count) {
        if (position < windowStart || position + count > windowStart + window.limit()) {
            if (position + count > input.size()) {
                return -1;
            }
            window.clear();
            windowStart = position;
            input.read(position, window);
            window.flip();
        }
        return position + count <= windowStart + window.limit() ? (int) (position - windowStart) : -1;
    }

    /** RFC 3533, section 6: over the page, its own checksum taken as zero. */
    private int checksum(int offset, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            int octet = i >= 22 && i < 26 ? 0 : window.get(offset + i) & 0xff;
            sum = (sum << 8) ^ CHECKSUMS[(sum >>> 24) ^ octet];
        }
        return sum;
    }

    private static int[] checksums() {
        int[] table = new int[256];
        for (int i = 0; i < table.length; i++) {
            int sum = i << 24;
            for (int bit = 0; bit < 8; bit++) {
                sum = sum < 0 ? (sum << 1) ^ POLYNOMIAL : sum << 1;
            }
            table[i] = sum;
        }
        return table;
    }
}
