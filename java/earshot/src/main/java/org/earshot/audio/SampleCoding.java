package org.earshot.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How a WAV file codes one sample. Integers are scaled so that the most negative one becomes -1. */
enum SampleCoding {
    UNSIGNED_8(1) {
        @Override
        float next(ByteBuffer bytes) {
            return ((bytes.get() & 0xff) - 128) * 0x1p-7f;
        }
    },
    SIGNED_16(2) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getShort() * 0x1p-15f;
        }
    },
    SIGNED_24(3) {
        @Override
        float next(ByteBuffer bytes) {
            int first = bytes.get() & 0xff;
            int middle = bytes.get() & 0xff;
            int last = bytes.get() & 0xff;
            boolean bigEndian = bytes.order() == ByteOrder.BIG_ENDIAN;
            int topBytes = bigEndian ? first << 24 | middle << 16 | last << 8 : last << 24 | middle << 16 | first << 8;
            return topBytes * 0x1p-31f;
        }
    },
    SIGNED_32(4) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getInt() * 0x1p-31f;
        }
    },
    FLOAT_32(4) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getFloat();
        }
    },
    FLOAT_64(8) {
        @Override
        float next(ByteBuffer bytes) {
            return (float) bytes.getDouble();
        }
    };

    private final int bytes;

    SampleCoding(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes that one sample takes in the file. */
    int bytes() {
        return bytes;
    }

    /** Takes one sample from the buffer, in the buffer's byte order. */
    abstract float next(ByteBuffer bytes);
}
