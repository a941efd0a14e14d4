package org.earshot.audio;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;

/** Bytes that can be read at any place. */
interface ByteSource extends Closeable {
    /** How many there are. */
    long size() throws IOException;

    /** Reads some bytes, at least one unless the target is full; -1 behind the end. */
    int read(long position, ByteBuffer target) throws IOException;

    /** Reads until the target is full or the end is reached; -1 if there is nothing. Heeds the thread's interrupts. */
    default int readFully(long position, ByteBuffer target) throws IOException {
        // Not every source does so by itself, as files do.
        if (Thread.currentThread().isInterrupted()) {
            throw new ClosedByInterruptException();
        }
        int total = 0;
        while (target.hasRemaining()) {
            int read = read(position + total, target);
            if (read < 0) {
                break;
            }
            total += read;
        }
        return total == 0 ? -1 : total;
    }

    /** A file of any file system. Closing the source closes the channel. */
    static ByteSource of(SeekableByteChannel channel) {
        return new ByteSource() {
            @Override
            public long size() throws IOException {
                return channel.size();
            }

            @Override
            public int read(long position, ByteBuffer target) throws IOException {
                return channel instanceof FileChannel file
                        ? file.read(target, position)
                        : channel.position(position).read(target);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    /** A file in memory, not copied. */
    static ByteSource of(byte... bytes) {
        return new ByteSource() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public int read(long position, ByteBuffer target) {
                if (position >= bytes.length) {
                    return -1;
                }
                int count = (int) Math.min(target.remaining(), bytes.length - position);
                target.put(bytes, (int) position, count);
                return count;
            }

            @Override
            public void close() {
                // Nothing is held open.
            }
        };
    }
}
