package org.earshot.backend.common;

import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.View;
import org.earshot.layer.Shape;
import org.earshot.layer.Signature;

/**
 * Checks what every operation checks when it is bound: shapes, sizes, whose memory it is, and that nothing overlaps.
 *
 * @param <E> the backend's own kind of execution
 */
public abstract class CheckedOperation<E extends Execution> implements Operation {
    private final Signature signature;
    private final Class<E> executions;

    /**
     * Creates the operation.
     *
     * @param signature what it computes: a layer, or the front end
     * @param executions those it can be bound to
     */
    protected CheckedOperation(Signature signature, Class<E> executions) {
        this.signature = signature;
        this.executions = executions;
    }

    /**
     * What it computes, for messages.
     *
     * @return the signature's {@link Signature#kind}
     */
    protected final String kind() {
        return signature.kind();
    }

    @Override
    public final Shape outputShape(List<Shape> inputs) {
        return signature.outputShape(inputs);
    }

    @Override
    public final Step bind(Execution execution, List<View> inputs, View output, View scratch) {
        if (!executions.isInstance(execution)) {
            throw new IllegalArgumentException(kind() + ": an execution of another backend");
        }
        List<Shape> shapes = inputs.stream().map(View::shape).toList();
        Shape expected = signature.outputShape(shapes);
        if (!output.shape().equals(expected)) {
            throw new IllegalArgumentException(kind() + ": output " + output.shape() + "; expected " + expected);
        }
        long needed = scratch(shapes, execution);
        if (scratch.shape().elements() < needed) {
            throw new IllegalArgumentException(
                    kind() + ": scratch of " + scratch.shape().elements() + " floats; expected " + needed);
        }
        requireOwn(execution, output);
        requireOwn(execution, scratch);
        requireApart(output, scratch);
        for (View input : inputs) {
            requireOwn(execution, input);
            requireApart(output, input);
            requireApart(scratch, input);
        }
        return bindChecked(executions.cast(execution), inputs, output, scratch);
    }

    private void requireOwn(Execution execution, View view) {
        if (!execution.owns(view.memory())) {
            throw new IllegalArgumentException(
                    kind() + ": a view into the memory of another execution, or into memory that was closed");
        }
    }

    private void requireApart(View a, View b) {
        if (a.memory() == b.memory()
                && a.offset() < b.offset() + b.shape().elements()
                && b.offset() < a.offset() + a.shape().elements()) {
            throw new IllegalArgumentException(kind() + ": output, scratch and inputs overlap");
        }
    }

    /**
     * Binds to arguments that were checked.
     *
     * @param execution where it will run
     * @param inputs one view per input
     * @param output where the result goes
     * @param scratch at least as many floats as asked for
     * @return the step
     */
    protected abstract Step bindChecked(E execution, List<View> inputs, View output, View scratch);
}
