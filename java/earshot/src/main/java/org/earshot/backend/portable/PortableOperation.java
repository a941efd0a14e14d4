package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.View;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;

/** Checks what all operations check when they are bound. */
abstract class PortableOperation implements Operation {
    private final Layer layer;

    PortableOperation(Layer layer) {
        this.layer = layer;
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        return 0;
    }

    @Override
    public final Step bind(Execution execution, List<View> inputs, View output, View scratch) {
        if (!(execution instanceof PortableExecution own)) {
            throw new IllegalArgumentException(layer.kind() + ": an execution of another backend");
        }
        own.requireOpen();
        List<Shape> shapes = inputs.stream().map(View::shape).toList();
        Shape expected = layer.outputShape(shapes);
        if (!output.shape().equals(expected)) {
            throw new IllegalArgumentException(layer.kind() + ": output " + output.shape() + "; expected " + expected);
        }
        long needed = scratch(shapes, execution);
        if (scratch.shape().elements() < needed) {
            throw new IllegalArgumentException(
                    layer.kind() + ": scratch of " + scratch.shape().elements() + " floats; expected " + needed);
        }
        own.requireOwn(output);
        own.requireOwn(scratch);
        requireApart(output, scratch);
        for (View input : inputs) {
            own.requireOwn(input);
            requireApart(output, input);
            requireApart(scratch, input);
        }
        return bind(own, inputs, output, scratch);
    }

    private void requireApart(View a, View b) {
        if (a.memory() == b.memory()
                && a.offset() < b.offset() + b.shape().elements()
                && b.offset() < a.offset() + a.shape().elements()) {
            throw new IllegalArgumentException(layer.kind() + ": output, scratch and inputs overlap");
        }
    }

    /** Binds to arguments that were checked. */
    abstract Step bind(PortableExecution execution, List<View> inputs, View output, View scratch);

    @Override
    public void close() {
        // The weights are Java arrays; the garbage collector frees them.
    }
}
