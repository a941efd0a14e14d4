package org.earshot.ffmpeg;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.earshot.audio.AudioInput;

/** How much sound an AIFF file says that it has (Apple, Audio Interchange File Format AIFF-C, 1991). */
final class AiffChunks {
    /** Real files have a handful. */
    private static final int MAX_CHUNKS = 4096;

    private static final int FORM_BYTES = 12;
    private static final int HEADER_BYTES = 8;

    /** The sound chunk begins with where in it the sound begins, and how that is aligned. */
    private static final int SOUND_HEADER_BYTES = 8;

    private AiffChunks() {}

    /**
     * Bytes of sound by the sound chunk's header, whether or not the file holds them.
     *
     * @return 0 if there is no sound chunk
     */
    static long soundBytes(AudioInput input) {
        long position = FORM_BYTES;
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        for (int chunk = 0; chunk < MAX_CHUNKS; chunk++) {
            header.clear();
            input.read(position, header);
            if (header.hasRemaining()) {
                return 0;
            }
            String id = new String(header.array(), 0, 4, StandardCharsets.ISO_8859_1);
            long size = Integer.toUnsignedLong(header.getInt(4));
            if (id.equals("SSND")) {
                return Math.max(0, size - SOUND_HEADER_BYTES);
            }
            position += HEADER_BYTES + size + (size & 1);
        }
        return 0;
    }
}
