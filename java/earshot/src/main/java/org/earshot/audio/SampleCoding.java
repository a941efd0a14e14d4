package org.earshot.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

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

        /** What most recordings have: through a view, as its loop compiles to far less than the buffer's own. */
        @Override
        void decode(ByteBuffer bytes, float[] target, int offset, int samples) {
            ShortBuffer shorts = bytes.asShortBuffer();
            for (int i = 0; i < samples; i++) {
                target[offset + i] = shorts.get(i) * 0x1p-15f;
            }
            bytes.position(bytes.position() + samples * Short.BYTES);
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
    /** Integers of 24 bits in the lower three of four bytes. */
    SIGNED_24_IN_32(4) {
        @Override
        float next(ByteBuffer bytes) {
            return (bytes.getInt() << 8) * 0x1p-31f;
        }
    },
    /** ITU-T G.711, 13 bits on a roughly logarithmic scale; every other bit is inverted. */
    A_LAW(1) {
        @Override
        float next(ByteBuffer bytes) {
            int code = bytes.get() ^ 0x55;
            int exponent = (code >> 4) & 7;
            int mantissa = ((code & 15) << 4) | 8;
            int magnitude = exponent == 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
            return ((code & 0x80) == 0 ? -magnitude : magnitude) * 0x1p-15f;
        }
    },
    /** ITU-T G.711, 14 bits on a roughly logarithmic scale; all bits are inverted. */
    MU_LAW(1) {
        @Override
        float next(ByteBuffer bytes) {
            int code = ~bytes.get();
            int magnitude = ((((code & 15) << 3) + MU_LAW_BIAS) << ((code >> 4) & 7)) - MU_LAW_BIAS;
            return ((code & 0x80) == 0 ? magnitude : -magnitude) * 0x1p-15f;
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

    private static final int MU_LAW_BIAS = 0x84;

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

    /** Takes so many. */
    void decode(ByteBuffer bytes, float[] target, int offset, int samples) {
        for (int i = 0; i < samples; i++) {
            target[offset + i] = next(bytes);
        }
    }
}
