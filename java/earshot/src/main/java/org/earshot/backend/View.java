package org.earshot.backend;

import java.util.Objects;
import org.earshot.layer.Shape;

/**
 * A dense tensor in a block of memory, last dimension contiguous.
 *
 * @param memory the block
 * @param offset index of the first value in it
 * @param shape extents
 */
public record View(Memory memory, long offset, Shape shape) {
    /** Checks that the tensor lies inside its block. */
    public View {
        Objects.checkFromIndexSize(offset, shape.elements(), memory.floats());
    }
}
