package org.earshot.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import org.earshot.error.WeightsException;

/**
 * Reads a weight file at absolute positions, little-endian, through a page of memory. An interrupt does not end the
 * reading; it is pending again once the reader is closed. Not thread-safe.
 */
final class WeightReader implements AutoCloseable {
    /** A page begins at a multiple of this and is twice as long, so that going backwards is no slower than forwards. */
    private static final int STEP = 1 << 15;

    private final WeightFile file;
    /** Null if the file lies in memory: then the page is all of it. */
    private SeekableByteChannel channel;

    private final ByteBuffer page;
    private long start;
    private boolean interrupted;

    /** Reads from memory. */
    WeightReader(WeightFile file, ByteBuffer content) {
        this.file = file;
        page = content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads from the disk. */
    WeightReader(WeightFile file) throws IOException {
        this.file = file;
        page = ByteBuffer.allocate(2 * STEP).order(ByteOrder.LITTLE_ENDIAN).limit(0);
        channel = Files.newByteChannel(file.path());
    }

    WeightFile file() {
        return file;
    }

    byte getByte(long position) {
        return page.get(find(position, Byte.BYTES));
    }

    short getShort(long position) {
        return page.getShort(find(position, Short.BYTES));
    }

    int getInt(long position) {
        return page.getInt(find(position, Integer.BYTES));
    }

    long getLong(long position) {
        return page.getLong(find(position, Long.BYTES));
    }

    /** Copies bytes out; the caller has checked that they are there. */
    byte[] bytes(long position, int length) {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length; ) {
            done += copy(position + done, bytes, done, length - done);
        }
        return bytes;
    }

    /** Copies as many bytes as the page has, at least 1. */
    private int copy(long position, byte[] target, int offset, int length) {
        int at = find(position, 1);
        int count = Math.min(length, page.limit() - at);
        page.get(at, target, offset, count);
        return count;
    }

    /** A part of the file as a stream, which need not be closed. */
    InputStream stream(long position, long length) {
        return new InputStream() {
            private long at = position;

            @Override
            public int read() {
                return at == position + length ? -1 : Byte.toUnsignedInt(getByte(at++));
            }

            @Override
            public int read(byte[] target, int offset, int count) {
                long left = position + length - at;
                if (left == 0 || count == 0) {
                    return count == 0 ? 0 : -1;
                }
                int copied = copy(at, target, offset, (int) Math.min(count, left));
                at += copied;
                return copied;
            }
        };
    }

    /** Where in the page the bytes at a position are, once they are there. */
    private int find(long position, int count) {
        if (position < start || position + count > start + page.limit()) {
            turnTo(position, count);
        }
        return (int) (position - start);
    }

    private void turnTo(long position, int count) {
        if (position < 0 || position > file.size() - count) {
            throw cut(position + count);
        }
        start = channel == null ? 0 : position / STEP * STEP;
        page.clear();
        page.limit((int) Math.min(page.capacity(), file.size() - start));
        while (page.hasRemaining() && fill() >= 0) {
            // A read may deliver less than there is.
        }
        page.flip();
        if (position + count > start + page.limit()) {
            throw cut(position + count);
        }
    }

    private int fill() {
        while (true) {
            try {
                return channel.position(start + page.position()).read(page);
            } catch (ClosedByInterruptException e) {
                interrupted |= Thread.interrupted();
                reopen();
            } catch (IOException e) {
                throw WeightFile.unreadable(file.path(), e);
            }
        }
    }

    private void reopen() {
        try {
            channel = Files.newByteChannel(file.path());
        } catch (IOException e) {
            throw WeightFile.unreadable(file.path(), e);
        }
    }

    private WeightsException cut(long wanted) {
        long end = Math.min(file.size(), start + page.limit());
        return new WeightsException(
                file.path(),
                "the end of the file at byte " + end + ", where " + wanted + " were to be read",
                "a complete file that stays as it is until the model is loaded");
    }

    @Override
    public void close() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw WeightFile.unreadable(file.path(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
