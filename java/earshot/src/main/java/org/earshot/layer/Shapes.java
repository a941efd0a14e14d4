package org.earshot.layer;

import java.util.List;

/** Checks that layers make of the shapes they are given. */
final class Shapes {
    private Shapes() {}

    /** The only input, of the given rank. */
    static Shape single(String layer, List<Shape> inputs, int rank) {
        requireCount(layer, inputs, 1);
        return requireRank(layer, inputs.get(0), rank);
    }

    static void requireCount(String layer, List<Shape> inputs, int count) {
        if (inputs.size() != count) {
            throw new IllegalArgumentException(layer + ": " + inputs.size() + " inputs; expected " + count);
        }
    }

    static Shape requireRank(String layer, Shape input, int rank) {
        if (input.rank() != rank) {
            throw new IllegalArgumentException(layer + ": input " + input + "; expected " + rank + " dimensions");
        }
        return input;
    }

    static void requireExtent(String layer, Shape input, int dimension, int extent) {
        if (input.extent(dimension) != extent) {
            throw new IllegalArgumentException(
                    layer + ": input " + input + "; expected " + extent + " in dimension " + dimension);
        }
    }

    /** What an average pooling of 2x2 leaves, an odd last frame or band being dropped. */
    static Shape halved(String layer, Shape input) {
        if (input.extent(1) < 2 || input.extent(2) < 2) {
            throw new IllegalArgumentException(
                    layer + ": input " + input + "; expected at least 2 frames and 2 bands, which it pools");
        }
        return Shape.of(input.extent(0), input.extent(1) / 2, input.extent(2) / 2, input.extent(3));
    }
}
