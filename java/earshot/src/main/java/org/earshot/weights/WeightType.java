package org.earshot.weights;

/** Element types of weight files, named as safetensors names them. */
public enum WeightType {
    /** 64 bit IEEE float. */
    F64(8, false),
    /** 32 bit IEEE float. */
    F32(4, false),
    /** 16 bit IEEE float. */
    F16(2, false),
    /** bfloat16. */
    BF16(2, false),
    /** 64 bit signed integer. */
    I64(8, true),
    /** 32 bit signed integer. */
    I32(4, true),
    /** 16 bit signed integer. */
    I16(2, true),
    /** 8 bit signed integer. */
    I8(1, true),
    /** 64 bit unsigned integer. */
    U64(8, true),
    /** 32 bit unsigned integer. */
    U32(4, true),
    /** 16 bit unsigned integer. */
    U16(2, true),
    /** 8 bit unsigned integer. */
    U8(1, true),
    /** A byte, zero or one. */
    BOOL(1, true);

    private final int bytes;
    private final boolean integral;

    WeightType(int bytes, boolean integral) {
        this.bytes = bytes;
        this.integral = integral;
    }

    /**
     * Size of an element.
     *
     * @return bytes
     */
    public int bytes() {
        return bytes;
    }

    /**
     * Whether values are whole numbers.
     *
     * @return true for integers and booleans
     */
    public boolean integral() {
        return integral;
    }
}
