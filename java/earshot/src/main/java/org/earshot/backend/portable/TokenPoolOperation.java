package org.earshot.backend.portable;

import java.util.Arrays;
import java.util.List;
import org.earshot.backend.View;
import org.earshot.layer.AdaptiveBins;
import org.earshot.layer.Shape;
import org.earshot.layer.TokenPool;

/** Means over the frames of each bin and all bands, summed in double precision; a task is one token. */
final class TokenPoolOperation extends PortableOperation {
    private final TokenPool layer;

    TokenPoolOperation(TokenPool layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        Shape shape = input.shape();
        int channels = layer.channels();
        int frame = shape.extent(2) * channels;
        double[][] sums = new double[execution.threads()][channels];
        Team.Task token = (task, worker) -> {
            float[] x = PortableMemory.values(input);
            float[] y = PortableMemory.values(output);
            int clip = PortableMemory.offset(input) + task / layer.tokens() * shape.extent(1) * frame;
            int first = AdaptiveBins.start(task % layer.tokens(), layer.tokens(), shape.extent(1));
            int end = AdaptiveBins.end(task % layer.tokens(), layer.tokens(), shape.extent(1));
            double[] sum = sums[worker];
            Arrays.fill(sum, 0);
            for (int i = first * frame; i < end * frame; i += channels) {
                for (int c = 0; c < channels; c++) {
                    sum[c] += x[clip + i + c];
                }
            }
            int count = (end - first) * shape.extent(2);
            for (int c = 0; c < channels; c++) {
                y[PortableMemory.offset(output) + task * channels + c] = (float) (sum[c] / count);
            }
        };
        return () -> execution.team().parallel(shape.extent(0) * layer.tokens(), token);
    }
}
