package org.earshot.backend;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;

/** The portable backend, which notes what its front end is run on. */
public final class CountingBackend implements Backend {
    private final List<Integer> samples = Collections.synchronizedList(new ArrayList<>());
    private final Backend portable;

    /** Starts with one thread. */
    public CountingBackend() {
        portable = new PortableBackend(1);
    }

    /** The samples of a clip in each run of a front end. */
    public List<Integer> samples() {
        return List.copyOf(samples);
    }

    /** How often a front end has run. */
    public int runs() {
        return samples.size();
    }

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
        return new Counting(portable.frontEnd(parameters), samples);
    }

    @Override
    public Execution open() {
        return portable.open();
    }

    private record Counting(Operation counted, List<Integer> samples) implements Operation {
        @Override
        public Shape outputShape(List<Shape> inputs) {
            return counted.outputShape(inputs);
        }

        @Override
        public long scratch(List<Shape> inputs, Execution execution) {
            return counted.scratch(inputs, execution);
        }

        @Override
        public Step bind(Execution execution, List<View> inputs, View output, View scratch) {
            Step step = counted.bind(execution, inputs, output, scratch);
            int clip = inputs.get(0).shape().extent(1);
            return () -> {
                step.run();
                samples.add(clip);
            };
        }

        @Override
        public void close() {
            counted.close();
        }
    }
}
