package org.earshot.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Finds out whether integers lie in wider containers than their bits need, such as 24 bits in four bytes. Headers that
 * say so are as often wrong as right: libsndfile takes such data for packed, FFmpeg for something else, and both are
 * right about some files. The bytes that a container adds tell.
 */
final class SampleContainers {
    /** How much of the data is looked at. */
    static final int BYTES_LOOKED_AT = 1 << 16;

    private SampleContainers() {}

    /**
     * The coding that the data bear out.
     *
     * @param data the first samples
     * @param packed the coding without wider containers
     * @param container bytes of the container that the header speaks of, more than the packed coding's
     * @return left-justified in the container if its lower bytes are zero, right-justified (24 bits in four bytes) if
     *     its upper byte repeats the sign; packed if neither, or if there is only silence to go by
     */
    static SampleCoding coding(ByteBuffer data, SampleCoding packed, int container) {
        boolean bigEndian = data.order() == ByteOrder.BIG_ENDIAN;
        int added = container - packed.bytes();
        boolean left = true;
        boolean right = packed == SampleCoding.SIGNED_24;
        boolean silent = true;
        for (int sample = 0; sample + container <= data.limit() && (left || right); sample += container) {
            for (int i = 0; i < container; i++) {
                // Counted from the lowest byte.
                int octet = data.get(bigEndian ? sample + container - 1 - i : sample + i);
                silent &= octet == 0;
                left &= i >= added || octet == 0;
            }
            int top = data.get(bigEndian ? sample : sample + container - 1);
            int next = data.get(bigEndian ? sample + 1 : sample + container - 2);
            right &= top == next >> 7;
        }
        if (silent) {
            return packed;
        }
        if (left) {
            return WavFormat.integers(container);
        }
        return right ? SampleCoding.SIGNED_24_IN_32 : packed;
    }
}
