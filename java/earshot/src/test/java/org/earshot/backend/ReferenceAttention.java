package org.earshot.backend;

import static org.earshot.backend.ReferenceMath.apply;
import static org.earshot.backend.ReferenceMath.slice;

import org.earshot.layer.Transformer;

/** A transformer layer over the tokens of one clip, token by token and head by head. */
final class ReferenceAttention {
    private final Transformer layer;
    private final double[][] x;
    private final double[][] joined;

    /** Takes the tokens, {@code [N][C]}. */
    ReferenceAttention(Transformer layer, double[][] x) {
        this.layer = layer;
        this.x = x;
        joined = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            joined[i] = apply(layer.inProjection(), x[i]);
        }
    }

    /** The layer's output for one token. */
    double[] token(int i) {
        double[] h = apply(layer.norm1(), sum(x[i], apply(layer.outProjection(), attention(i))));
        return apply(layer.norm2(), sum(h, apply(layer.linear2(), apply(layer.linear1(), h))));
    }

    private double[] attention(int i) {
        int width = layer.width();
        int each = width / layer.heads();
        double[] result = new double[width];
        for (int head = 0; head < layer.heads(); head++) {
            double[] weights = new double[x.length];
            double largest = Double.NEGATIVE_INFINITY;
            double total = 0;
            for (int j = 0; j < x.length; j++) {
                double product = 0;
                for (int c = head * each; c < (head + 1) * each; c++) {
                    product += part(i, 0)[c] * part(j, 1)[c];
                }
                weights[j] = product / Math.sqrt(each);
                largest = Math.max(largest, weights[j]);
            }
            for (int j = 0; j < x.length; j++) {
                weights[j] = Math.exp(weights[j] - largest);
                total += weights[j];
            }
            for (int j = 0; j < x.length; j++) {
                for (int c = head * each; c < (head + 1) * each; c++) {
                    result[c] += weights[j] / total * part(j, 2)[c];
                }
            }
        }
        return result;
    }

    /** Query (0), key (1) or value (2) of a token. */
    private double[] part(int token, int which) {
        return slice(joined[token], which, layer.width());
    }

    private static double[] sum(double[] a, double[] b) {
        double[] y = new double[a.length];
        for (int c = 0; c < y.length; c++) {
            y[c] = a[c] + b[c];
        }
        return y;
    }
}
