package org.earshot.ffmpeg;

import java.nio.ByteBuffer;

/** Where a frame of FLAC belongs, as its header says (RFC 9639, section 9.1). */
final class FlacFrames {
    private static final int SYNC = 0b11_1111_1111_1110;

    private FlacFrames() {}

    /**
     * The coded number in a frame's header: of its first sample if blocks differ in size, else of the frame.
     *
     * @param frame from its first byte on, in big-endian order
     * @param blockSize samples of a block of those that are alike
     * @return the first sample's number, or -1 if this is no frame
     */
    static long firstSample(ByteBuffer frame, int blockSize) {
        if (frame.remaining() < 12 || Short.toUnsignedInt(frame.getShort(0)) >> 2 != SYNC) {
            return -1;
        }
        boolean variable = (frame.get(1) & 1) != 0;
        int first = frame.get(4) & 0xff;
        // Coded as UTF-8 codes characters, up to seven bytes.
        int ones = Integer.numberOfLeadingZeros(~(first << 24));
        if (ones == 1 || ones > 7) {
            return -1;
        }
        long number = ones == 0 ? first : first & (0x7f >> ones);
        for (int i = 1; i < ones; i++) {
            number = (number << 6) | (frame.get(4 + i) & 0x3f);
        }
        return variable ? number : number * blockSize;
    }
}
