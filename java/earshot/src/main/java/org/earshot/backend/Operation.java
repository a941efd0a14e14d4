package org.earshot.backend;

import java.util.List;
import org.earshot.layer.Shape;

/** A layer prepared by a {@link Backend}: immutable and safe to bind and run in any number of executions at once. */
public interface Operation extends AutoCloseable {
    /**
     * The shape of the output.
     *
     * @param inputs one shape per input
     * @return what {@link org.earshot.layer.Signature#outputShape} of the layer says
     * @throws IllegalArgumentException if the operation cannot take such inputs; the message says what it takes
     */
    Shape outputShape(List<Shape> inputs);

    /**
     * Scratch memory a run needs besides input and output.
     *
     * @param inputs one shape per input
     * @param execution where it will run (its number of threads may matter)
     * @return number of floats
     */
    long scratch(List<Shape> inputs, Execution execution);

    /**
     * Binds the operation to fixed places in an execution's memory. All checks happen here; running the step allocates
     * nothing. Output and scratch overlap neither each other nor an input.
     *
     * @param execution where it will run
     * @param inputs one view per input, in the layer's order
     * @param output where the result goes, of the shape that the layer says
     * @param scratch as many floats as {@link #scratch} asked for; its contents are undefined before and after
     * @return the step, valid as long as operation and execution are open
     */
    Step bind(Execution execution, List<View> inputs, View output, View scratch);

    /** Frees the prepared weights. A second call does nothing. */
    @Override
    void close();

    /** An operation bound to its arguments. */
    @FunctionalInterface
    interface Step {
        /** Runs, or, on a device, enqueues the work. Only the execution it is bound to calls this. */
        void run();
    }
}
