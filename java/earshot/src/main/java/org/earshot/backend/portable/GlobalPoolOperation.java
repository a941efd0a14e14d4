package org.earshot.backend.portable;

import java.util.Arrays;
import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Shape;

/** Mean, summed in double precision, or maximum over time and frequency: reads every value once, bound by memory. */
final class GlobalPoolOperation extends PortableOperation {
    private final boolean mean;

    GlobalPoolOperation(GlobalPool layer) {
        super(layer);
        mean = layer.operation() == GlobalPool.Kind.MEAN;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        Shape shape = input.shape();
        int channels = shape.extent(3);
        int positions = Math.multiplyExact(shape.extent(1), shape.extent(2));
        double[][] results = new double[execution.threads()][channels];
        Team.Task clip = (b, worker) -> {
            double[] result = results[worker];
            float[] x = PortableMemory.values(input);
            int from = PortableMemory.offset(input) + b * positions * channels;
            if (mean) {
                sum(result, x, from, positions);
            } else {
                largest(result, x, from, positions);
            }
            float[] y = PortableMemory.values(output);
            for (int c = 0; c < channels; c++) {
                double value = mean ? result[c] / positions : result[c];
                y[PortableMemory.offset(output) + b * channels + c] = (float) value;
            }
        };
        return () -> execution.team().parallel(shape.extent(0), clip);
    }

    private static void sum(double[] sum, float[] x, int from, int positions) {
        Arrays.fill(sum, 0);
        for (int p = 0; p < positions; p++) {
            for (int c = 0; c < sum.length; c++) {
                sum[c] += x[from + p * sum.length + c];
            }
        }
    }

    private static void largest(double[] largest, float[] x, int from, int positions) {
        Arrays.fill(largest, Double.NEGATIVE_INFINITY);
        for (int p = 0; p < positions; p++) {
            for (int c = 0; c < largest.length; c++) {
                largest[c] = Math.max(largest[c], x[from + p * largest.length + c]);
            }
        }
    }
}
