package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.GlobalMean;
import org.earshot.layer.Shape;

/** Mean over time and frequency, summed in double precision: reads every value once, bound by memory. */
final class GlobalMeanOperation extends PortableOperation {
    GlobalMeanOperation(GlobalMean layer) {
        super(layer);
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        Shape shape = input.shape();
        int channels = shape.extent(3);
        int positions = Math.multiplyExact(shape.extent(1), shape.extent(2));
        double[][] sums = new double[execution.threads()][channels];
        Team.Task clip = (b, worker) -> {
            double[] sum = sums[worker];
            java.util.Arrays.fill(sum, 0);
            float[] x = PortableMemory.values(input);
            int from = PortableMemory.offset(input) + b * positions * channels;
            for (int p = 0; p < positions; p++) {
                for (int c = 0; c < channels; c++) {
                    sum[c] += x[from + p * channels + c];
                }
            }
            float[] y = PortableMemory.values(output);
            for (int c = 0; c < channels; c++) {
                y[PortableMemory.offset(output) + b * channels + c] = (float) (sum[c] / positions);
            }
        };
        return () -> execution.team().parallel(shape.extent(0), clip);
    }
}
