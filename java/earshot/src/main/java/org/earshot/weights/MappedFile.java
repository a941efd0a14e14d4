package org.earshot.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.WeightsException;

/**
 * A file of any size mapped into memory, read at absolute positions, little-endian. The mapping lives as long as this
 * object; a file that is cut short meanwhile makes later reads fail.
 */
final class MappedFile {
    private static final int SEGMENT_BITS = 30;
    private static final long SEGMENT = 1L << SEGMENT_BITS;
    /** Each segment also sees the first bytes of the next, so that no element lies across two. */
    private static final int OVERLAP = Long.BYTES;

    private final Path path;
    private final long size;
    private final ByteBuffer[] segments;

    private MappedFile(Path path, long size, ByteBuffer[] segments) {
        this.path = path;
        this.size = size;
        this.segments = segments;
    }

    /**
     * Maps a file.
     *
     * @throws WeightsException if there is no such regular file, or it cannot be read
     */
    static MappedFile open(Path path) {
        if (!Files.exists(path)) {
            throw new WeightsException(path, "no such file", "a weight file");
        }
        // Before opening: a pipe would block there, a folder would open and fail oddly later.
        if (!Files.isRegularFile(path)) {
            throw new WeightsException(path, Files.isDirectory(path) ? "a folder" : "no regular file", "a weight file");
        }
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            ByteBuffer[] segments = new ByteBuffer[Math.toIntExact((size >> SEGMENT_BITS) + 1)];
            for (int i = 0; i < segments.length; i++) {
                long start = i * SEGMENT;
                long length = Math.min(SEGMENT + OVERLAP, size - start);
                segments[i] = channel.map(FileChannel.MapMode.READ_ONLY, start, length)
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            return new MappedFile(path, size, segments);
        } catch (IOException e) {
            throw new WeightsException(path, "a file that cannot be read (" + e + ")", "a readable weight file", e);
        }
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    byte getByte(long position) {
        return segment(position).get(index(position));
    }

    short getShort(long position) {
        return segment(position).getShort(index(position));
    }

    int getInt(long position) {
        return segment(position).getInt(index(position));
    }

    long getLong(long position) {
        return segment(position).getLong(index(position));
    }

    /** Copies bytes out; the caller has checked that they are there. */
    byte[] bytes(long position, int length) {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length; ) {
            ByteBuffer segment = segment(position + done);
            int index = index(position + done);
            int count = Math.min(length - done, segment.limit() - index);
            segment.get(index, bytes, done, count);
            done += count;
        }
        return bytes;
    }

    private ByteBuffer segment(long position) {
        return segments[(int) (position >> SEGMENT_BITS)];
    }

    private static int index(long position) {
        return (int) (position & (SEGMENT - 1));
    }
}
