package org.earshot.natives;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Replaces every occurrence of a name by another of the same length. */
final class RenamingStream extends FilterInputStream {
    private final byte[] name;
    private final byte[] replacement;

    /** Read but not yet handed out: {@code [start, end)}, of which all but the last name's length is final. */
    private final byte[] block;

    private int start;
    private int end;
    private boolean ended;

    RenamingStream(InputStream in, String name, String replacement) {
        super(in);
        this.name = name.getBytes(StandardCharsets.US_ASCII);
        this.replacement = replacement.getBytes(StandardCharsets.US_ASCII);
        if (this.name.length != this.replacement.length) {
            throw new IllegalArgumentException("names of different lengths: " + name + ", " + replacement);
        }
        block = new byte[(1 << 16) + this.name.length];
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (settled() == 0) {
            fill();
        }
        int count = Math.min(length, settled());
        if (count == 0) {
            return -1;
        }
        System.arraycopy(block, start, target, offset, count);
        start += count;
        return count;
    }

    @Override
    public long skip(long n) throws IOException {
        return readNBytes((int) Math.min(n, block.length)).length;
    }

    @Override
    public int available() {
        return settled();
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    /** The last bytes may be the beginning of a name whose end is still to come. */
    private int settled() {
        return ended ? end - start : Math.max(0, end - start - (name.length - 1));
    }

    private void fill() throws IOException {
        System.arraycopy(block, start, block, 0, end - start);
        end -= start;
        start = 0;
        int read = in.readNBytes(block, end, block.length - end);
        ended = end + read < block.length;
        end += read;
        for (int at = 0; at + name.length <= end; at++) {
            if (Arrays.equals(block, at, at + name.length, name, 0, name.length)) {
                System.arraycopy(replacement, 0, block, at, name.length);
            }
        }
    }
}
