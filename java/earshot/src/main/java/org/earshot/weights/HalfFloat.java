package org.earshot.weights;

/** IEEE 754 binary16 to binary32, exactly. Java has this from release 20 on. */
final class HalfFloat {
    private static final int EXPONENT_MASK = 0x1f;
    private static final int FRACTION_BITS = 10;
    private static final int FRACTION_MASK = 0x3ff;

    private HalfFloat() {}

    static float toFloat(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >> FRACTION_BITS) & EXPONENT_MASK;
        int fraction = bits & FRACTION_MASK;
        if (exponent == 0) {
            // Zero or subnormal: fraction * 2^-24, which float32 holds exactly.
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        int wide = exponent == EXPONENT_MASK ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}
