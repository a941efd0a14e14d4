package org.earshot.backend.portable;

import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Shape;
import org.earshot.layer.Transformer;

/**
 * A transformer layer in two jobs: queries, keys and values of all tokens into the scratch memory; then, token by
 * token, attention, feed-forward part and norms. A token of 128 channels takes 80,000 multiply-adds.
 */
final class TransformerOperation extends PortableOperation {
    private final Transformer layer;
    private final float epsilon;

    TransformerOperation(Transformer layer, float epsilon) {
        super(layer);
        this.layer = layer;
        this.epsilon = epsilon;
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        return (long) inputs.get(0).extent(0) * inputs.get(0).extent(1) * 3 * layer.width();
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        Run run = new Run(execution, inputs.get(0), output, scratch);
        return run::run;
    }

    /** The operation bound to its arguments. */
    private final class Run {
        private final PortableExecution execution;
        private final View input;
        private final View output;
        private final View scratch;
        private final int width = layer.width();
        private final int tokens;
        private final int total;
        /** Per worker: weights of the attention, a token, and the feed-forward part's inside. */
        private final float[][] weights;

        private final float[][] attended;
        private final float[][] sums;
        private final float[][] inside;
        private final Team.Task project = this::project;
        private final Team.Task encode = this::encode;

        Run(PortableExecution execution, View input, View output, View scratch) {
            this.execution = execution;
            this.input = input;
            this.output = output;
            this.scratch = scratch;
            tokens = input.shape().extent(1);
            total = input.shape().extent(0) * tokens;
            weights = new float[execution.threads()][tokens];
            attended = new float[execution.threads()][width];
            sums = new float[execution.threads()][width];
            inside = new float[execution.threads()][layer.hidden()];
        }

        void run() {
            execution.team().parallel(total, project);
            execution.team().parallel(total, encode);
        }

        private void project(int token, int worker) {
            LinearOperation.apply(
                    layer.inProjection(),
                    PortableMemory.values(input),
                    PortableMemory.offset(input) + token * width,
                    PortableMemory.values(scratch),
                    query(token));
        }

        /** Where a token's query lies; its key and its value follow. */
        private int query(int token) {
            return PortableMemory.offset(scratch) + token * 3 * width;
        }

        private void encode(int token, int worker) {
            float[] x = PortableMemory.values(input);
            float[] h = sums[worker];
            float[] attention = attended[worker];
            for (int head = 0; head < layer.heads(); head++) {
                attend(token, head, weights[worker], attention);
            }
            LinearOperation.apply(layer.outProjection(), attention, 0, h, 0);
            for (int c = 0; c < width; c++) {
                h[c] += x[PortableMemory.offset(input) + token * width + c];
            }
            normalize(layer.norm1(), h, 0);
            LinearOperation.apply(layer.linear1(), h, 0, inside[worker], 0);
            float[] y = PortableMemory.values(output);
            int to = PortableMemory.offset(output) + token * width;
            LinearOperation.apply(layer.linear2(), inside[worker], 0, y, to);
            for (int c = 0; c < width; c++) {
                y[to + c] += h[c];
            }
            normalize(layer.norm2(), y, to);
        }

        /** One head of one token: {@code softmax(q k^T / sqrt(C / heads)) v} over the tokens of its clip. */
        private void attend(int token, int head, float[] weight, float[] result) {
            float[] qkv = PortableMemory.values(scratch);
            int each = width / layer.heads();
            int first = token / tokens * tokens;
            int q = query(token) + head * each;
            float scale = (float) (1 / Math.sqrt(each));
            float largest = Float.NEGATIVE_INFINITY;
            for (int j = 0; j < tokens; j++) {
                int k = query(first + j) + width + head * each;
                float product = 0;
                for (int c = 0; c < each; c++) {
                    product += qkv[q + c] * qkv[k + c];
                }
                weight[j] = product * scale;
                largest = Math.max(largest, weight[j]);
            }
            double total = 0;
            for (int j = 0; j < tokens; j++) {
                weight[j] = (float) Math.exp(weight[j] - largest);
                total += weight[j];
            }
            for (int c = head * each; c < (head + 1) * each; c++) {
                float sum = 0;
                for (int j = 0; j < tokens; j++) {
                    sum += weight[j] * qkv[query(first + j) + 2 * width + c];
                }
                result[c] = (float) (sum / total);
            }
        }

        private void normalize(LayerNorm norm, float[] x, int offset) {
            double mean = 0;
            for (int c = 0; c < width; c++) {
                mean += x[offset + c];
            }
            mean /= width;
            double variance = 0;
            for (int c = 0; c < width; c++) {
                variance += (x[offset + c] - mean) * (x[offset + c] - mean);
            }
            double scale = 1 / Math.sqrt(variance / width + epsilon);
            for (int c = 0; c < width; c++) {
                double normalized = (x[offset + c] - mean) * scale;
                x[offset + c] = (float)
                        (normalized * norm.scale().values()[c] + norm.shift().values()[c]);
            }
        }
    }
}
