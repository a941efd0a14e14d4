package org.earshot.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.layer.Layer;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/** Runs one layer on a backend, as a session would, and compares tensors. */
public final class Runner {
    private Runner() {}

    /** The layer's output for these inputs. Inputs and output lie at odd offsets; scratch begins as NaN. */
    public static float[] run(Backend backend, Layer layer, Parameter... inputs) {
        return run(backend, backend.prepare(layer), inputs);
    }

    /** The operation's output for these inputs; closes the operation. */
    public static float[] run(Backend backend, Operation prepared, Parameter... inputs) {
        List<Shape> shapes = Arrays.stream(inputs).map(Parameter::shape).toList();
        try (Operation operation = prepared;
                Execution execution = backend.open()) {
            Shape outputShape = operation.outputShape(shapes);
            List<View> views = new ArrayList<>();
            for (Parameter input : inputs) {
                View view = new View(execution.allocate(input.shape().elements() + 5), 3, input.shape());
                execution.write(input.values(), view);
                views.add(view);
            }
            View output = new View(execution.allocate(outputShape.elements() + 9), 7, outputShape);
            int floats = Math.toIntExact(operation.scratch(shapes, execution));
            View scratch = new View(execution.allocate(floats + 1L), 1, Shape.of(floats));
            float[] nan = new float[floats];
            Arrays.fill(nan, Float.NaN);
            execution.write(nan, scratch);
            List<Operation.Step> steps = List.of(operation.bind(execution, views, output, scratch));
            float[] first = new float[(int) outputShape.elements()];
            execution.run(steps);
            execution.read(output, first);
            execution.run(steps);
            float[] second = new float[first.length];
            execution.read(output, second);
            if (!Arrays.equals(first, second)) {
                throw new AssertionError("a second run gives another result");
            }
            return first;
        }
    }

    /** Standard deviation. */
    public static double deviation(float[] values) {
        double mean = 0;
        for (float v : values) {
            mean += v / (double) values.length;
        }
        double sum = 0;
        for (float v : values) {
            sum += (v - mean) * (v - mean);
        }
        return Math.sqrt(sum / values.length);
    }

    /** Largest difference; NaN counts as infinite. */
    public static double difference(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            throw new AssertionError(actual.length + " values; expected " + expected.length);
        }
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = Math.abs((double) expected[i] - actual[i]);
            largest = Math.max(largest, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
        }
        return largest;
    }

    /** {@code [B, C, T, F]} to {@code [B, T, F, C]}. */
    public static Parameter channelsLast(Parameter x) {
        int clips = x.extent(0);
        int channels = x.extent(1);
        int plane = x.extent(2) * x.extent(3);
        float[] y = new float[x.values().length];
        for (int b = 0; b < clips; b++) {
            for (int c = 0; c < channels; c++) {
                for (int p = 0; p < plane; p++) {
                    y[(b * plane + p) * channels + c] = x.values()[(b * channels + c) * plane + p];
                }
            }
        }
        return new Parameter(Shape.of(clips, x.extent(2), x.extent(3), channels), y);
    }
}
