package org.earshot.server.inference;

import java.util.List;
import java.util.Map;

/**
 * A tensor as it came or goes.
 *
 * @param name of an input or output
 * @param datatype as the protocol has it
 * @param shape its extents
 * @param parameters strings, numbers and booleans by their names
 * @param data its elements, row by row
 */
public record Tensor(String name, String datatype, List<Long> shape, Map<String, Object> parameters, Data data) {
    /** Text or any bytes. */
    public static final String BYTES = "BYTES";

    /** Floating point, 32 bits. */
    public static final String FP32 = "FP32";

    /** Elements of one of the types that are used here. */
    public sealed interface Data permits Bytes, Floats {
        /**
         * How many elements there are.
         *
         * @return at least 0
         */
        int size();
    }

    /**
     * Elements of datatype {@link #BYTES}.
     *
     * @param elements in the order of the shape
     */
    public record Bytes(List<byte[]> elements) implements Data {
        @Override
        public int size() {
            return elements.size();
        }
    }

    /**
     * Elements of datatype {@link #FP32}.
     *
     * @param array has them first
     * @param size how many of the array's count
     */
    @SuppressWarnings("ArrayRecordComponent") // Not compared, and not copied: it may be most of the memory there is.
    public record Floats(float[] array, int size) implements Data {}

    /**
     * Makes an output.
     *
     * @param name its name
     * @param shape its extents
     * @param data its elements
     * @return the tensor
     */
    static Tensor output(String name, List<Long> shape, Data data) {
        return new Tensor(name, data instanceof Bytes ? BYTES : FP32, shape, Map.of(), data);
    }
}
