package org.earshot.weights;

import java.nio.file.Path;
import java.util.Optional;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;
import org.earshot.layer.Shape;

/** Bounds that every weight file keeps, whatever its format. */
final class TensorLimits {
    /** PyTorch's own bound. */
    static final int MOST_DIMENSIONS = 64;

    /** What an array can hold in every JVM. */
    static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

    /** Real names have below a hundred; searches for near names and key maps stay quick. */
    private static final int LONGEST_NAME = 512;

    /** A hundred times as many as the largest of the systems has. */
    private static final int MOST_TENSORS = 100_000;

    private TensorLimits() {}

    /** A number of tensors whose descriptions take little memory. */
    static void checkCount(Path path, int tensors) {
        if (tensors > MOST_TENSORS) {
            throw new WeightsException(path, "more than " + MOST_TENSORS + " tensors", "at most as many");
        }
    }

    /** A name of sensible length. */
    static String check(Path path, String name) {
        if (name.isEmpty() || name.length() > LONGEST_NAME) {
            throw new WeightsException(
                    path + ": tensor " + Quoted.of(name),
                    "a name of " + name.length() + " characters",
                    "1 to " + LONGEST_NAME);
        }
        return name;
    }

    /** A shape whose elements an array can hold; nothing if there are more. */
    static Optional<Shape> shape(int[] extents) {
        try {
            return Optional.of(Shape.of(extents)).filter(shape -> shape.elements() <= MOST_ELEMENTS);
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }
}
