package org.earshot.weights;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;

/**
 * A tensor that lies in a file. Whoever makes one has checked that every element lies within the file and that there
 * are no more than an array can hold.
 */
final class StoredTensor implements WeightTensor {
    private final WeightFile file;
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
    StoredTensor(WeightFile file, long position, WeightType type, Shape shape, long[] strides) {
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
        float[] values = allocate(Float.BYTES, float[]::new);
        forEach((reader, at, index) -> values[index] = floatAt(reader, at));
        return values;
    }

    @Override
    public long[] longs() {
        if (!type.integral()) {
            throw notIntegral(type);
        }
        long[] values = allocate(Long.BYTES, long[]::new);
        forEach((reader, at, index) -> values[index] = longAt(reader, at));
        return values;
    }

    private <T> T allocate(int bytes, IntFunction<T> maker) {
        try {
            return maker.apply((int) shape.elements());
        } catch (OutOfMemoryError e) {
            throw new WeightsException(
                    file.path(),
                    "a tensor " + shape + ", " + shape.elements() * bytes
                            + " bytes in memory, for which the Java heap has no room",
                    "a larger heap (-Xmx)",
                    e);
        }
    }

    /** Hands out all values as float32, one by one, in any order. */
    void forEachFloat(FloatConsumer consumer) {
        forEach((reader, at, index) -> consumer.accept(floatAt(reader, at)));
    }

    /** Takes a value. */
    @FunctionalInterface
    interface FloatConsumer {
        void accept(float value);
    }

    /** Takes an element by its place in the file and its index in the tensor, row-major. */
    @FunctionalInterface
    private interface ElementConsumer {
        void accept(WeightReader reader, long at, int index);
    }

    static IllegalStateException notIntegral(WeightType type) {
        return new IllegalStateException("a tensor of type " + type + " read as integers");
    }

    private float floatAt(WeightReader reader, long at) {
        return switch (type) {
            case F64 -> (float) Double.longBitsToDouble(reader.getLong(at));
            case F32 -> Float.intBitsToFloat(reader.getInt(at));
            case F16 -> HalfFloat.toFloat(reader.getShort(at));
            case BF16 -> Float.intBitsToFloat(reader.getShort(at) << 16);
            case U64 -> unsigned(reader.getLong(at));
            case I64, I32, I16, I8, U32, U16, U8, BOOL -> (float) longAt(reader, at);
        };
    }

    private long longAt(WeightReader reader, long at) {
        return switch (type) {
            case I64 -> reader.getLong(at);
            case I32 -> reader.getInt(at);
            case I16 -> reader.getShort(at);
            case I8 -> reader.getByte(at);
            case U64 -> signed(reader.getLong(at));
            case U32 -> Integer.toUnsignedLong(reader.getInt(at));
            case U16 -> Short.toUnsignedLong(reader.getShort(at));
            case U8 -> Byte.toUnsignedLong(reader.getByte(at));
            case BOOL -> reader.getByte(at) == 0 ? 0 : 1;
            case F64, F32, F16, BF16 -> throw notIntegral(type);
        };
    }

    /** The nearest float32. */
    private static float unsigned(long bits) {
        // Halved to be positive; the bit that falls out still says on which side of a middle the number lies.
        return bits >= 0 ? (float) bits : 2 * (float) ((bits >>> 1) | (bits & 1));
    }

    private long signed(long bits) {
        if (bits < 0) {
            throw new WeightsException(
                    file.path(),
                    "the whole number " + Long.toUnsignedString(bits) + " of type " + type,
                    "at most " + Long.MAX_VALUE);
        }
        return bits;
    }

    @Override
    public String toString() {
        return type + shape.toString() + " strides " + Arrays.toString(strides);
    }

    /** Goes through the elements in the order in which they lie in the file. */
    private void forEach(ElementConsumer consumer) {
        long count = shape.elements();
        if (count == 0) {
            return;
        }
        long[] steps = contiguous(shape);
        // The largest stride is the outermost loop.
        int[] order = IntStream.range(0, shape.rank())
                .boxed()
                .sorted(Comparator.comparingLong((Integer dimension) -> -strides[dimension]))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] passed = new int[order.length];
        long at = position;
        long index = 0;
        try (WeightReader reader = file.reader()) {
            for (long i = 0; i < count; i++) {
                consumer.accept(reader, at, (int) index);
                for (int loop = order.length - 1; loop >= 0; loop--) {
                    int dimension = order[loop];
                    at += strides[dimension] * type.bytes();
                    index += steps[dimension];
                    if (++passed[loop] < shape.extent(dimension)) {
                        break;
                    }
                    at -= strides[dimension] * type.bytes() * shape.extent(dimension);
                    index -= steps[dimension] * shape.extent(dimension);
                    passed[loop] = 0;
                }
            }
        }
    }
}
