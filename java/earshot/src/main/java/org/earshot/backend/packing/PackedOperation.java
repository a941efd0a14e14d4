package org.earshot.backend.packing;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.backend.common.CheckedOperation;
import org.earshot.layer.Shape;
import org.earshot.layer.Signature;

/**
 * An operation of a native library: its handle, and how its arguments are handed over.
 *
 * @param <E> the backend's own kind of execution
 * @param <H> the library's kind of handle
 */
public abstract class PackedOperation<E extends Execution, H extends Pointer> extends CheckedOperation<E> {
    /** Inputs that a native library's functions have room for. */
    private static final int MOST_INPUTS = 2;

    private final H handle;

    /**
     * Creates the operation.
     *
     * @param signature what it computes
     * @param executions those it can be bound to
     * @param handle the library's operation, which is destroyed when this is closed
     */
    protected PackedOperation(Signature signature, Class<E> executions, H handle) {
        super(signature, executions);
        this.handle = handle;
    }

    /**
     * What a step is bound to.
     *
     * @param input0 its shape is what the library is told
     * @param input1 null where the operation has one input
     * @param output where the result goes
     * @param scratch at least as many floats as asked for
     * @param extents of input 0
     */
    protected record Arguments(View input0, View input1, View output, View scratch, Extents extents) {}

    /**
     * The library's operation.
     *
     * @return null in JavaCPP's sense once this is closed
     */
    protected final H handle() {
        return handle;
    }

    @Override
    public final long scratch(List<Shape> inputs, Execution execution) {
        outputShape(inputs);
        if (inputs.size() > MOST_INPUTS) {
            throw new IllegalArgumentException(
                    kind() + ": " + inputs.size() + " inputs; a native library takes at most " + MOST_INPUTS);
        }
        return scratch(Extents.of(inputs.get(0)), execution.threads());
    }

    /**
     * Scratch memory a run needs.
     *
     * @param extents of input 0
     * @param threads that run it
     * @return number of floats
     */
    protected abstract long scratch(Extents extents, int threads);

    /** The number of inputs was checked with the scratch memory, which is asked for before anything is bound. */
    @Override
    protected final Step bindChecked(E execution, List<View> inputs, View output, View scratch) {
        View first = inputs.get(0);
        View second = inputs.size() > 1 ? inputs.get(1) : null;
        return bind(execution, new Arguments(first, second, output, scratch, Extents.of(first.shape())));
    }

    /**
     * Binds to arguments that were checked.
     *
     * @param execution where it will run
     * @param arguments what it will run on
     * @return the step
     */
    protected abstract Step bind(E execution, Arguments arguments);

    @Override
    public final void close() {
        if (!handle.isNull()) {
            destroy();
            handle.setNull();
        }
    }

    /** Destroys the library's operation; called once. */
    protected abstract void destroy();
}
