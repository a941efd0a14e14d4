package org.earshot.weights;

import org.earshot.layer.Shape;

/** One tensor of a weight file. */
public interface WeightTensor {
    /**
     * Its type in the file.
     *
     * @return the type
     */
    WeightType type();

    /**
     * Its extents.
     *
     * @return the shape
     */
    Shape shape();

    /**
     * Its values as float32, row-major; integers and float64 rounded to nearest.
     *
     * @return a new array
     */
    float[] floats();

    /**
     * Its values as integers, row-major.
     *
     * @return a new array
     * @throws IllegalStateException if the type is not an integer or boolean one
     * @throws org.earshot.error.WeightsException if one of them, of 64 bits and unsigned, is beyond a long
     */
    long[] longs();

    /**
     * Makes a float32 tensor in memory.
     *
     * @param shape its extents
     * @param values row-major, as many as the shape has elements; not copied
     * @return the tensor
     * @throws IllegalArgumentException if the lengths differ
     */
    static WeightTensor of(Shape shape, float... values) {
        return ArrayTensor.of(shape, values);
    }

    /**
     * Makes an int64 tensor in memory.
     *
     * @param shape its extents
     * @param values row-major, as many as the shape has elements; not copied
     * @return the tensor
     * @throws IllegalArgumentException if the lengths differ
     */
    static WeightTensor of(Shape shape, long... values) {
        return ArrayTensor.of(shape, values);
    }
}
