package org.earshot.backend;

import java.util.List;
import java.util.function.Consumer;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;

/** The portable backend on one thread, for tests that count, hold up or fail what is done with it. */
public abstract class WatchedBackend implements Backend {
    private final Backend portable = new PortableBackend(1);

    /** Open to the tests of other packages. */
    protected WatchedBackend() {}

    @Override
    public String name() {
        return portable.name();
    }

    @Override
    public Operation prepare(Layer layer) {
        return portable.prepare(layer);
    }

    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        return portable.frontEnd(parameters);
    }

    @Override
    public Execution open() {
        return portable.open();
    }

    /** An operation, before each of whose runs its inputs are shown. */
    static Operation watched(Operation operation, Consumer<? super List<View>> beforeEach) {
        return new Watched(operation, beforeEach);
    }

    private record Watched(Operation operation, Consumer<? super List<View>> beforeEach) implements Operation {
        @Override
        public Shape outputShape(List<Shape> inputs) {
            return operation.outputShape(inputs);
        }

        @Override
        public long scratch(List<Shape> inputs, Execution execution) {
            return operation.scratch(inputs, execution);
        }

        @Override
        public Step bind(Execution execution, List<View> inputs, View output, View scratch) {
            Step step = operation.bind(execution, inputs, output, scratch);
            return () -> {
                beforeEach.accept(inputs);
                step.run();
            };
        }

        @Override
        public void close() {
            operation.close();
        }
    }
}
