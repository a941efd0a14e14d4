package org.earshot.backend;

import static org.earshot.backend.ReferenceMath.EPSILON;
import static org.earshot.backend.ReferenceMath.at;
import static org.earshot.backend.ReferenceMath.silu;
import static org.earshot.backend.ReferenceMath.slice;
import static org.earshot.backend.ReferenceMath.times;

import org.earshot.layer.MambaLayer;

/** One Mamba layer over a sequence, position by position. */
final class ReferenceMamba {
    private ReferenceMamba() {}

    /** The layer's output for {@code [L][C]}. */
    static double[][] apply(MambaLayer layer, double[][] x) {
        int inner = layer.inner();
        int states = layer.states();
        int rank = layer.rank();
        int taps = layer.taps();
        double[][] u = new double[x.length][];
        double[][] state = new double[inner][states];
        double[][] y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            double square = 0;
            for (double v : x[t]) {
                square += v * v / x[t].length;
            }
            double[] normed = new double[x[t].length];
            for (int c = 0; c < normed.length; c++) {
                normed[c] = x[t][c] / Math.sqrt(square + EPSILON) * at(layer.norm(), c);
            }
            double[] uz = times(layer.inProjection(), normed);
            u[t] = slice(uz, 0, inner);
            double[] convolved = new double[inner];
            for (int e = 0; e < inner; e++) {
                double sum = at(layer.convBias(), e);
                for (int k = 0; k < taps; k++) {
                    int source = t - taps + 1 + k;
                    sum += source < 0 ? 0 : at(layer.convWeight(), e, 0, k) * u[source][e];
                }
                convolved[e] = silu(sum);
            }
            double[] dbc = times(layer.xProjection(), convolved);
            double[] gated = new double[inner];
            double[] dt = times(layer.dtProjection(), slice(dbc, 0, rank));
            for (int e = 0; e < inner; e++) {
                double raw = dt[e] + at(layer.dtBias(), e);
                double delta = raw > 20 ? raw : Math.log1p(Math.exp(raw));
                double sum = at(layer.skip(), e) * convolved[e];
                for (int n = 0; n < states; n++) {
                    double a = -Math.exp(at(layer.aLog(), e, n));
                    state[e][n] = Math.exp(delta * a) * state[e][n] + delta * dbc[rank + n] * convolved[e];
                    sum += dbc[rank + states + n] * state[e][n];
                }
                gated[e] = sum * silu(uz[inner + e]);
            }
            y[t] = times(layer.outProjection(), gated);
            for (int c = 0; c < y[t].length; c++) {
                y[t][c] += x[t][c];
            }
        }
        return y;
    }
}
