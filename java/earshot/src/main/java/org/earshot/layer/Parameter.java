package org.earshot.layer;

import java.util.Arrays;

/** A trained tensor: shape and row-major float32 values, in PyTorch's order of dimensions. */
public final class Parameter {
    private final Shape shape;
    private final float[] values;

    /**
     * Wraps values without copying them.
     *
     * @param shape extents
     * @param values as many as the shape has elements; not to be changed afterwards
     * @throws IllegalArgumentException if the lengths differ
     */
    public Parameter(Shape shape, float[] values) {
        if (shape.elements() != values.length) {
            throw new IllegalArgumentException(values.length + " values for shape " + shape);
        }
        this.shape = shape;
        this.values = values;
    }

    /**
     * The extents.
     *
     * @return the shape
     */
    public Shape shape() {
        return shape;
    }

    /**
     * The values themselves, not a copy; not to be changed.
     *
     * @return row-major float32 values
     */
    public float[] values() {
        return values;
    }

    /**
     * One extent.
     *
     * @param dimension 0 is the slowest; negative counts from the end
     * @return its extent
     */
    public int extent(int dimension) {
        return shape.extent(dimension);
    }

    /**
     * Checks the shape.
     *
     * @param name what the message calls this parameter
     * @param extents the only right ones
     * @return this
     * @throws IllegalArgumentException if the shape is another
     */
    Parameter require(String name, int... extents) {
        if (!shape.equals(Shape.of(extents))) {
            throw new IllegalArgumentException(name + ": shape " + shape + "; expected " + Arrays.toString(extents));
        }
        return this;
    }

    @Override
    public String toString() {
        return "Parameter" + shape;
    }
}
