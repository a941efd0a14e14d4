package org.earshot.benchmarks.gpu;

import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Shape;

/**
 * A Mamba path, of one layer in each direction and no norm in front, put together from somebody's products; the
 * recurrences in plain Java. The formulas are those of {@link MambaLayer}.
 */
final class MambaComposition {
    private static final double EPSILON = 1e-5;

    private MambaComposition() {}

    /** The output for {@code [B, T, F, C]}. */
    static float[] path(MambaPath layer, Kernels kernels, Shape shape, float[] x) {
        int channels = layer.channels();
        float[] forward = direction(layer.forward().get(0), new Sequences(layer.axis(), shape, false), kernels, x);
        float[] backward = direction(layer.backward().get(0), new Sequences(layer.axis(), shape, true), kernels, x);
        float[] both = new float[2 * x.length];
        for (int token = 0; token < x.length / channels; token++) {
            System.arraycopy(forward, token * channels, both, 2 * token * channels, channels);
            System.arraycopy(backward, token * channels, both, (2 * token + 1) * channels, channels);
        }
        float[] y = kernels.multiply(both, transposed(layer), 2 * channels);
        for (int i = 0; i < y.length; i++) {
            y[i] += x[i] + layer.projectionBias().values()[i % channels];
        }
        return y;
    }

    /** The projection {@code [2C, C]}, input first, as {@code [C, 2C]}. */
    static float[] transposed(MambaPath layer) {
        int channels = layer.channels();
        float[] from = layer.projectionWeight().values();
        float[] to = new float[from.length];
        for (int i = 0; i < from.length; i++) {
            to[i % channels * 2 * channels + i / channels] = from[i];
        }
        return to;
    }

    /** The tokens of {@code [B, T, F, C]} in the order in which a direction's sequences visit them. */
    private record Sequences(MambaPath.Axis axis, Shape shape, boolean reversed) {
        int length() {
            return shape.extent(axis == MambaPath.Axis.TIME ? 1 : 2);
        }

        int count() {
            return Math.toIntExact(shape.elements() / shape.extent(3) / length());
        }

        int token(int sequence, int place) {
            int at = reversed ? length() - 1 - place : place;
            int bands = shape.extent(2);
            return axis == MambaPath.Axis.TIME
                    ? (sequence / bands * length() + at) * bands + sequence % bands
                    : sequence * length() + at;
        }
    }

    private static float[] direction(MambaLayer layer, Sequences sequences, Kernels kernels, float[] x) {
        int inner = layer.inner();
        float[] uz = kernels.multiply(normed(layer, x), layer.inProjection());
        float[] u = convolved(layer, sequences, uz);
        float[] dbc = kernels.multiply(u, layer.xProjection());
        int rank = layer.rank();
        int width = rank + 2 * layer.states();
        float[] d = new float[u.length / inner * rank];
        for (int i = 0; i < d.length; i++) {
            d[i] = dbc[i / rank * width + i % rank];
        }
        float[] delta = kernels.multiply(d, layer.dtProjection());
        float[] y = kernels.multiply(scanned(layer, sequences, u, delta, dbc, uz), layer.outProjection());
        for (int i = 0; i < y.length; i++) {
            y[i] += x[i];
        }
        return y;
    }

    private static float[] normed(MambaLayer layer, float[] x) {
        int channels = layer.channels();
        float[] normed = new float[x.length];
        for (int begin = 0; begin < x.length; begin += channels) {
            double square = 0;
            for (int c = 0; c < channels; c++) {
                square += (double) x[begin + c] * x[begin + c] / channels;
            }
            for (int c = 0; c < channels; c++) {
                normed[begin + c] = (float) (x[begin + c]
                        / Math.sqrt(square + EPSILON)
                        * layer.norm().values()[c]);
            }
        }
        return normed;
    }

    /** The causal convolution and its SiLU. */
    private static float[] convolved(MambaLayer layer, Sequences sequences, float[] uz) {
        int inner = layer.inner();
        int taps = layer.taps();
        float[] u = new float[uz.length / 2];
        for (int sequence = 0; sequence < sequences.count(); sequence++) {
            for (int t = 0; t < sequences.length(); t++) {
                int to = sequences.token(sequence, t) * inner;
                for (int e = 0; e < inner; e++) {
                    double sum = layer.convBias().values()[e];
                    for (int k = Math.max(0, taps - 1 - t); k < taps; k++) {
                        int from = sequences.token(sequence, t - taps + 1 + k) * 2 * inner;
                        sum += (double) layer.convWeight().values()[e * taps + k] * uz[from + e];
                    }
                    u[to + e] = (float) silu(sum);
                }
            }
        }
        return u;
    }

    /** The selective scan, with the skip and the gate. */
    private static float[] scanned(
            MambaLayer layer, Sequences sequences, float[] u, float[] raw, float[] dbc, float[] uz) {
        int inner = layer.inner();
        int states = layer.states();
        int width = layer.rank() + 2 * states;
        float[] y = new float[u.length];
        for (int sequence = 0; sequence < sequences.count(); sequence++) {
            double[] h = new double[inner * states];
            for (int t = 0; t < sequences.length(); t++) {
                int token = sequences.token(sequence, t);
                int b = token * width + layer.rank();
                for (int e = 0; e < inner; e++) {
                    int at = token * inner + e;
                    double delta = Math.log1p(Math.exp(raw[at] + layer.dtBias().values()[e]));
                    double sum = (double) layer.skip().values()[e] * u[at];
                    for (int n = 0; n < states; n++) {
                        double rate = -Math.exp(layer.aLog().values()[e * states + n]);
                        int state = e * states + n;
                        h[state] = Math.exp(delta * rate) * h[state] + delta * dbc[b + n] * u[at];
                        sum += dbc[b + states + n] * h[state];
                    }
                    y[at] = (float) (sum * silu(uz[2 * token * inner + inner + e]));
                }
            }
        }
        return y;
    }

    private static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }
}
