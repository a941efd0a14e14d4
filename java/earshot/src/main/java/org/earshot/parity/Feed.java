package org.earshot.parity;

import org.earshot.layer.Shape;

/** A value that is fed to a network, in the shape in which its layers take it. */
final class Feed {
    private final Shape shape;
    private final float[] values;

    Feed(Shape shape, float[] values) {
        this.shape = shape;
        this.values = values;
    }

    Shape shape() {
        return shape;
    }

    float[] values() {
        return values;
    }

    Grid grid() {
        return Grid.of(shape, values);
    }
}
