package org.earshot.cli.input;

import java.io.IOException;

/** Sound as it comes: 16 bit, little endian, mono. */
public interface LiveSource extends AutoCloseable {
    /**
     * Waits for sound.
     *
     * @param bytes receives it
     * @param offset of the first byte
     * @param length most bytes
     * @return bytes received, -1 at the end
     * @throws IOException if it cannot be read
     */
    int read(byte[] bytes, int offset, int length) throws IOException;

    /** Ends it. */
    @Override
    void close();
}
