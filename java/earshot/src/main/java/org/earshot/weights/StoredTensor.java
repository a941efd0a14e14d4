package org.earshot.weights;

import java.util.Arrays;
import org.earshot.layer.Shape;

/**
 * A tensor that lies in a mapped file. Whoever makes one has checked that every element lies within the file and that
 * there are no more than an array can hold.
 */
final class StoredTensor implements WeightTensor {
    private final MappedFile file;
    private final long position;
    private final WeightType type;
    private final Shape shape;
    /** In elements, slowest dimension first. */
    private final long[] strides;

    /**
     * Describes a tensor.
     *
     * @param position of the element with all indices zero, bytes from the file's start
     * @param strides distance of neighbours in each dimension, elements
     */
    StoredTensor(MappedFile file, long position, WeightType type, Shape shape, long[] strides) {
        this.file = file;
        this.position = position;
        this.type = type;
        this.shape = shape;
        this.strides = strides;
    }

    /** The strides of a tensor whose elements lie row-major without gaps. */
    static long[] contiguous(Shape shape) {
        long[] strides = new long[shape.rank()];
        long stride = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(1, shape.extent(i));
        }
        return strides;
    }

    @Override
    public WeightType type() {
        return type;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public float[] floats() {
        float[] values = new float[(int) shape.elements()];
        Walk walk = new Walk();
        for (int i = 0; i < values.length; i++) {
            values[i] = floatAt(walk.next());
        }
        return values;
    }

    @Override
    public long[] longs() {
        if (!type.integral()) {
            throw notIntegral(type);
        }
        long[] values = new long[(int) shape.elements()];
        Walk walk = new Walk();
        for (int i = 0; i < values.length; i++) {
            values[i] = longAt(walk.next());
        }
        return values;
    }

    static IllegalStateException notIntegral(WeightType type) {
        return new IllegalStateException("a tensor of type " + type + " read as integers");
    }

    private float floatAt(long at) {
        return switch (type) {
            case F64 -> (float) Double.longBitsToDouble(file.getLong(at));
            case F32 -> Float.intBitsToFloat(file.getInt(at));
            case F16 -> HalfFloat.toFloat(file.getShort(at));
            case BF16 -> Float.intBitsToFloat(file.getShort(at) << 16);
            case I64, I32, I16, I8, U8, BOOL -> (float) longAt(at);
        };
    }

    private long longAt(long at) {
        return switch (type) {
            case I64 -> file.getLong(at);
            case I32 -> file.getInt(at);
            case I16 -> file.getShort(at);
            case I8 -> file.getByte(at);
            case U8 -> Byte.toUnsignedLong(file.getByte(at));
            case BOOL -> file.getByte(at) == 0 ? 0 : 1;
            case F64, F32, F16, BF16 -> throw notIntegral(type);
        };
    }

    @Override
    public String toString() {
        return type + shape.toString() + " strides " + Arrays.toString(strides);
    }

    /** Goes through the elements row-major and tells where each lies in the file. */
    private final class Walk {
        private final int[] index = new int[shape.rank()];
        private long at = position;

        long next() {
            long here = at;
            for (int i = index.length - 1; i >= 0; i--) {
                at += strides[i] * type.bytes();
                if (++index[i] < shape.extent(i)) {
                    break;
                }
                at -= strides[i] * type.bytes() * shape.extent(i);
                index[i] = 0;
            }
            return here;
        }
    }
}
