package org.earshot.weights;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;

/**
 * The table of contents of a zip archive of uncompressed entries, as PyTorch writes them: where each entry's bytes lie
 * in the file (PKWARE APPNOTE 4.3, with zip64). {@code java.util.zip} does not tell the place, which mapping needs.
 * Checksums are not compared: PyTorch itself can be told not to write them, and does not check them.
 */
final class ZipDirectory {
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_SIZE = 30;
    private static final int CENTRAL_SIGNATURE = 0x02014b50;
    private static final int CENTRAL_SIZE = 46;
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_SIZE = 22;
    private static final int LARGEST_COMMENT = 0xffff;
    private static final int LOCATOR_SIGNATURE = 0x07064b50;
    private static final int LOCATOR_SIZE = 20;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int END64_SIZE = 56;
    private static final int ZIP64_EXTRA = 1;
    private static final int LARGEST_DIRECTORY = 1 << 24;
    private static final int ENCRYPTED = 1;
    private static final int STORED = 0;
    /** Stands in a 16 or 32 bit field for: see the zip64 one. */
    private static final long SATURATED_16 = 0xffffL;

    private static final long SATURATED_32 = 0xffffffffL;

    private final WeightReader file;
    private final Map<String, Range> entries = new LinkedHashMap<>();

    /**
     * Where an entry's bytes lie; checked to be within the file.
     *
     * @param position first byte
     * @param size number of bytes
     */
    record Range(long position, long size) {
        /** Stands for a compressed entry, which is listed but cannot be mapped. */
        static final Range COMPRESSED = new Range(-1, 0);
    }

    private ZipDirectory(WeightReader file) {
        this.file = file;
    }

    /**
     * Reads the table of contents.
     *
     * @return name to place, in the archive's order
     * @throws WeightsException if the archive is damaged, or an entry is encrypted or there twice
     */
    static Map<String, Range> read(WeightReader file) {
        ZipDirectory directory = new ZipDirectory(file);
        directory.read();
        return directory.entries;
    }

    private void read() {
        long end = findEnd();
        long count = u16(end + 10);
        long size = u32(end + 12);
        long start = u32(end + 16);
        long limit = end;
        if (count == SATURATED_16 || size == SATURATED_32 || start == SATURATED_32) {
            long end64 = findEnd64(end);
            count = file.getLong(end64 + 32);
            size = file.getLong(end64 + 40);
            start = file.getLong(end64 + 48);
            limit = end64;
        }
        require(
                start >= 0 && size >= 0 && start <= limit && size <= limit - start,
                "zip directory",
                size + " bytes at " + start + " in a file of " + file.file().size(),
                "a directory within the file (is the file complete?)");
        require(
                size <= LARGEST_DIRECTORY,
                "zip directory",
                size + " bytes",
                "at most " + LARGEST_DIRECTORY + ", which hundred thousand entries fit in");
        // Each entry takes at least its fixed part, so a hostile count ends here and not in a long loop.
        require(
                count >= 0 && count <= size / CENTRAL_SIZE,
                "zip directory",
                count + " entries in " + size + " bytes",
                "at least " + CENTRAL_SIZE + " bytes each");
        long position = start;
        for (long i = 0; i < count; i++) {
            position = readEntry(position, start, start + size);
        }
    }

    private long findEnd() {
        long last = file.file().size() - END_SIZE;
        for (long at = last; at >= 0 && at >= last - LARGEST_COMMENT; at--) {
            if (file.getInt(at) == END_SIGNATURE && u16(at + 20) == last - at) {
                return at;
            }
        }
        throw new WeightsException(
                file.file().path(),
                "a zip archive without its directory",
                "a complete archive (is the file cut short?)");
    }

    private long findEnd64(long end) {
        long locator = end - LOCATOR_SIZE;
        require(
                locator >= 0 && file.getInt(locator) == LOCATOR_SIGNATURE,
                "zip directory",
                "no zip64 locator",
                "one, since 32 bit fields are saturated");
        long end64 = file.getLong(locator + 8);
        require(
                end64 >= 0 && end64 <= locator - END64_SIZE && file.getInt(end64) == END64_SIGNATURE,
                "zip directory",
                "no zip64 directory at " + end64,
                "one where the locator says");
        return end64;
    }

    /** Reads the entry of the directory at a position; returns the next one's. */
    private long readEntry(long at, long directoryStart, long directoryEnd) {
        require(
                at <= directoryEnd - CENTRAL_SIZE && file.getInt(at) == CENTRAL_SIGNATURE,
                "zip directory",
                "no entry at byte " + at,
                "one");
        int nameLength = u16(at + 28);
        int extraLength = u16(at + 30);
        long next = at + CENTRAL_SIZE + nameLength + extraLength + u16(at + 32);
        require(next <= directoryEnd, "zip directory", "an entry longer than the directory", "one within it");
        String name = new String(file.bytes(at + CENTRAL_SIZE, nameLength), StandardCharsets.UTF_8);
        String subject = "zip entry " + Quoted.of(name);
        require((u16(at + 8) & ENCRYPTED) == 0, subject, "an encrypted entry", "a plain one");
        if (u16(at + 10) != STORED) {
            list(name, subject, Range.COMPRESSED);
            return next;
        }
        long[] fields = {u32(at + 24), u32(at + 20), u32(at + 42)};
        widen(fields, at + CENTRAL_SIZE + nameLength, extraLength, subject);
        long size = fields[0];
        require(
                size == fields[1],
                subject,
                size + " bytes stored in " + fields[1],
                "equal sizes of an uncompressed entry");
        long local = fields[2];
        require(
                local >= 0 && local <= directoryStart - LOCAL_SIZE && file.getInt(local) == LOCAL_SIGNATURE,
                subject,
                "no entry at byte " + local,
                "one before the directory");
        long data = local + LOCAL_SIZE + u16(local + 26) + u16(local + 28);
        require(
                size >= 0 && data <= directoryStart && size <= directoryStart - data,
                subject,
                size + " bytes at " + data + " in a file of " + file.file().size(),
                "an entry that ends before the directory");
        list(name, subject, new Range(data, size));
        return next;
    }

    private void list(String name, String subject, Range range) {
        require(entries.put(name, range) == null, subject, "two of them", "every name once");
    }

    /** Replaces saturated fields (size, stored size, place) by those of the zip64 extra field, in its fixed order. */
    private void widen(long[] fields, long extra, int extraLength, String subject) {
        long at = extra;
        long end = extra + extraLength;
        while (end - at >= 4) {
            int length = u16(at + 2);
            long field = at + 4;
            at = field + length;
            if (u16(field - 4) == ZIP64_EXTRA && at <= end) {
                for (int i = 0; i < fields.length; i++) {
                    if (fields[i] == SATURATED_32) {
                        require(field + Long.BYTES <= at, subject, "too short a zip64 field", "its 64 bit sizes");
                        fields[i] = file.getLong(field);
                        field += Long.BYTES;
                    }
                }
                return;
            }
        }
    }

    private int u16(long at) {
        return Short.toUnsignedInt(file.getShort(at));
    }

    private long u32(long at) {
        return Integer.toUnsignedLong(file.getInt(at));
    }

    private void require(boolean right, String subject, String found, String expected) {
        if (!right) {
            throw new WeightsException(file.file().path() + ": " + subject, found, expected);
        }
    }
}
