package org.earshot.layer;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The extents of a tensor, slowest dimension first. Activations are {@code [B, T, F, C]} or {@code [B, C]}, the last
 * dimension contiguous.
 */
public final class Shape {
    /** The second extent of what is too large for one. */
    private static final int ROW = 1 << 20;

    private static final long MOST_ROOM = 1L << 50;

    private final int[] extents;
    private final long elements;

    private Shape(int[] extents) {
        long product = 1;
        for (int extent : extents) {
            if (extent < 0) {
                throw new IllegalArgumentException("negative extent in " + Arrays.toString(extents));
            }
            product = Math.multiplyExact(product, extent);
        }
        this.extents = extents;
        this.elements = product;
    }

    /**
     * Makes a shape.
     *
     * @param extents each at least 0, slowest first; none for a scalar
     * @return the shape
     * @throws IllegalArgumentException if an extent is negative
     * @throws ArithmeticException if the number of elements exceeds a long
     */
    public static Shape of(int... extents) {
        return new Shape(extents.clone());
    }

    /**
     * A shape without a meaning, for scratch memory: one dimension, or two where one extent does not count so many.
     *
     * @param elements how many it has to have; at least 0, at most 2^50
     * @return a shape of as many elements, or, beyond what an int counts, of a few more
     * @throws IllegalArgumentException if there are fewer or more
     */
    public static Shape withRoomFor(long elements) {
        if (elements < 0 || elements > MOST_ROOM) {
            throw new IllegalArgumentException(elements + " elements; expected 0 to " + MOST_ROOM);
        }
        return elements <= Integer.MAX_VALUE ? of((int) elements) : of((int) ((elements + ROW - 1) / ROW), ROW);
    }

    /**
     * Number of dimensions.
     *
     * @return 0 for a scalar
     */
    public int rank() {
        return extents.length;
    }

    /**
     * One extent.
     *
     * @param dimension 0 is the slowest; negative counts from the end, -1 is the contiguous one
     * @return its extent
     */
    public int extent(int dimension) {
        return extents[dimension < 0 ? extents.length + dimension : dimension];
    }

    /**
     * Number of elements.
     *
     * @return the product of all extents
     */
    public long elements() {
        return elements;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(extents);
    }

    @Override
    public String toString() {
        return Arrays.stream(extents).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
