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
     */
    long[] longs();
}
