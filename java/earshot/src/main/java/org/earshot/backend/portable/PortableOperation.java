package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.common.CheckedOperation;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;

/** An operation whose weights are Java arrays, and which needs no scratch unless it says so. */
abstract class PortableOperation extends CheckedOperation<PortableExecution> {
    private final Layer layer;

    PortableOperation(Layer layer) {
        super(layer, PortableExecution.class);
        this.layer = layer;
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        return 0;
    }

    @Override
    public void close() {
        // The garbage collector frees the arrays.
    }
}
