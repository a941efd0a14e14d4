package org.earshot.backend.packing;

import org.earshot.layer.Shape;

/**
 * The size of input 0 as native libraries count it.
 *
 * @param batch clips
 * @param frames 1 for {@code [B, I]}
 * @param bands 1 for {@code [B, I]}
 */
public record Extents(long batch, long frames, long bands) {
    static Extents of(Shape input) {
        return input.rank() == 4
                ? new Extents(input.extent(0), input.extent(1), input.extent(2))
                : new Extents(input.extent(0), 1, 1);
    }
}
