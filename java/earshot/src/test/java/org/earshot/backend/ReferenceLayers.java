package org.earshot.backend;

import java.util.List;
import org.earshot.layer.Activation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GlobalMean;
import org.earshot.layer.LayerVisitor;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;

/** The formulas of the specification, line by line in double precision, sharing nothing with any backend. */
final class ReferenceLayers implements LayerVisitor<double[]> {
    private static final double EPSILON = 1e-5;

    private final List<Parameter> inputs;

    ReferenceLayers(List<Parameter> inputs) {
        this.inputs = inputs;
    }

    private double[] input(int i) {
        float[] values = inputs.get(i).values();
        double[] x = new double[values.length];
        for (int j = 0; j < x.length; j++) {
            x[j] = values[j];
        }
        return x;
    }

    private static double at(Parameter p, int... index) {
        int flat = 0;
        for (int d = 0; d < index.length; d++) {
            flat = flat * p.extent(d) + index[d];
        }
        return p.values()[flat];
    }

    private static double[] apply(Linear layer, double[] x) {
        double[] y = new double[layer.outputs()];
        for (int o = 0; o < y.length; o++) {
            y[o] = at(layer.bias(), o);
            for (int i = 0; i < x.length; i++) {
                y[o] += at(layer.weight(), o, i) * x[i];
            }
            if (layer.activation() == Activation.RELU) {
                y[o] = Math.max(y[o], 0);
            }
        }
        return y;
    }

    private static double[] slice(double[] x, int row, int width) {
        double[] part = new double[width];
        System.arraycopy(x, row * width, part, 0, width);
        return part;
    }

    @Override
    public double[] linear(Linear layer) {
        int clips = inputs.get(0).extent(0);
        double[] y = new double[clips * layer.outputs()];
        for (int b = 0; b < clips; b++) {
            double[] row = apply(layer, slice(input(0), b, layer.inputs()));
            System.arraycopy(row, 0, y, b * row.length, row.length);
        }
        return y;
    }

    @Override
    public double[] contextEncoder(ContextEncoder layer) {
        int clips = inputs.get(0).extent(0);
        int width = layer.locationTable().extent(1);
        double[] y = new double[clips * layer.projection().outputs()];
        for (int b = 0; b < clips; b++) {
            double[] time = apply(
                    layer.timeMapping(), slice(input(1), b, layer.timeMapping().inputs()));
            double[] joined = new double[width + time.length];
            for (int i = 0; i < width; i++) {
                joined[i] = at(layer.locationTable(), (int) input(0)[b], i);
            }
            System.arraycopy(time, 0, joined, width, time.length);
            double[] row = apply(layer.projection(), joined);
            System.arraycopy(row, 0, y, b * row.length, row.length);
        }
        return y;
    }

    @Override
    public double[] globalMean(GlobalMean layer) {
        Shape shape = inputs.get(0).shape();
        double[] x = input(0);
        int channels = shape.extent(3);
        int positions = shape.extent(1) * shape.extent(2);
        double[] y = new double[shape.extent(0) * channels];
        for (int i = 0; i < x.length; i++) {
            y[i / (positions * channels) * channels + i % channels] += x[i] / positions;
        }
        return y;
    }

    @Override
    public double[] denseEncoder(DenseEncoder layer) {
        Shape shape = inputs.get(0).shape();
        Shape[] current = {shape};
        double[] history = step(layer.first(), input(0), current);
        double[] newest = history;
        int width = layer.channels();
        for (NormalizedConvolution unit : layer.block()) {
            Shape[] wide = {
                Shape.of(
                        current[0].extent(0),
                        current[0].extent(1),
                        current[0].extent(2),
                        unit.convolution().inputs())
            };
            newest = step(unit, history, wide);
            history = join(newest, width, history, unit.convolution().inputs());
        }
        return step(layer.last(), newest, current);
    }

    private static double[] join(double[] a, int widthA, double[] b, int widthB) {
        int positions = a.length / widthA;
        double[] joined = new double[a.length + b.length];
        for (int p = 0; p < positions; p++) {
            System.arraycopy(a, p * widthA, joined, p * (widthA + widthB), widthA);
            System.arraycopy(b, p * widthB, joined, p * (widthA + widthB) + widthA, widthB);
        }
        return joined;
    }

    /** Convolution, instance norm, PReLU; {@code shape[0]} goes from the input's to the output's. */
    private static double[] step(NormalizedConvolution layer, double[] x, Shape[] shape) {
        Convolution conv = layer.convolution();
        Shape in = shape[0];
        Shape out = conv.outputShape(in);
        shape[0] = out;
        int bands = out.extent(2);
        int channels = out.extent(3);
        double[] y = new double[(int) out.elements()];
        for (int i = 0; i < y.length; i++) {
            int o = i % channels;
            int f = i / channels % bands;
            int t = i / channels / bands % out.extent(1);
            int b = i / channels / bands / out.extent(1);
            y[i] = at(conv.bias(), o);
            for (int kt = 0; kt < conv.kernelTime(); kt++) {
                for (int kf = 0; kf < conv.kernelFrequency(); kf++) {
                    int ts = t + kt * conv.dilationTime() - conv.paddingTime();
                    int fs = f * conv.strideFrequency() + kf - conv.paddingFrequency();
                    if (ts < 0 || ts >= in.extent(1) || fs < 0 || fs >= in.extent(2)) {
                        continue;
                    }
                    int from = ((b * in.extent(1) + ts) * in.extent(2) + fs) * conv.inputs();
                    for (int c = 0; c < conv.inputs(); c++) {
                        y[i] += at(conv.weight(), o, c, kt, kf) * x[from + c];
                    }
                }
            }
        }
        int plane = out.extent(1) * bands;
        for (int b = 0; b < out.extent(0); b++) {
            for (int o = 0; o < channels; o++) {
                normalizePlane(layer, o, y, b * plane * channels + o, channels, plane);
            }
        }
        return y;
    }

    private static void normalizePlane(
            NormalizedConvolution layer, int o, double[] y, int offset, int stride, int count) {
        double mean = 0;
        for (int p = 0; p < count; p++) {
            mean += y[offset + p * stride] / count;
        }
        double variance = 0;
        for (int p = 0; p < count; p++) {
            variance += Math.pow(y[offset + p * stride] - mean, 2) / count;
        }
        for (int p = 0; p < count; p++) {
            double n = (y[offset + p * stride] - mean) / Math.sqrt(variance + EPSILON) * at(layer.scale(), o)
                    + at(layer.shift(), o);
            y[offset + p * stride] = n > 0 ? n : at(layer.slope(), o) * n;
        }
    }

    @Override
    public double[] mambaPath(MambaPath layer) {
        Shape shape = inputs.get(0).shape();
        boolean overTime = layer.axis() == MambaPath.Axis.TIME;
        int channels = layer.channels();
        int frames = shape.extent(1);
        int bands = shape.extent(2);
        int length = overTime ? frames : bands;
        double[] x = input(0);
        double[] h = normalize(layer.norm(), x, shape);
        double[] y = x.clone();
        for (int b = 0; b < shape.extent(0); b++) {
            for (int s = 0; s < (overTime ? bands : frames); s++) {
                int[] address = new int[length];
                double[][] forward = new double[length][];
                double[][] backward = new double[length][];
                for (int i = 0; i < length; i++) {
                    address[i] = (b * frames + (overTime ? i : s)) * bands + (overTime ? s : i);
                    forward[i] = slice(h, address[i], channels);
                    backward[length - 1 - i] = forward[i];
                }
                for (MambaLayer mamba : layer.forward()) {
                    forward = mambaLayer(mamba, forward);
                }
                for (MambaLayer mamba : layer.backward()) {
                    backward = mambaLayer(mamba, backward);
                }
                for (int i = 0; i < length; i++) {
                    for (int o = 0; o < channels; o++) {
                        double sum = at(layer.projectionBias(), o);
                        for (int c = 0; c < channels; c++) {
                            sum += at(layer.projectionWeight(), c, o) * forward[i][c];
                            sum += at(layer.projectionWeight(), channels + c, o) * backward[length - 1 - i][c];
                        }
                        y[address[i] * channels + o] += sum;
                    }
                }
            }
        }
        return y;
    }

    private double[] normalize(PreNorm norm, double[] x, Shape shape) {
        if (norm instanceof PreNorm.None) {
            return x;
        }
        int channels = shape.extent(3);
        int positions = shape.extent(1) * shape.extent(2);
        double[] y = new double[x.length];
        for (int p = 0; p < x.length / channels; p++) {
            double[] scale = new double[channels];
            double[] shift = new double[channels];
            if (norm instanceof PreNorm.Conditional conditional) {
                double[] c = slice(input(1), p / positions, conditional.conditionWidth());
                scale = apply(conditional.gamma(), c);
                shift = apply(conditional.beta(), c);
            } else if (norm instanceof PreNorm.Plain plain) {
                for (int c = 0; c < channels; c++) {
                    scale[c] = at(plain.scale(), c);
                    shift[c] = at(plain.shift(), c);
                }
            }
            double mean = 0;
            double variance = 0;
            for (int c = 0; c < channels; c++) {
                mean += x[p * channels + c] / channels;
            }
            for (int c = 0; c < channels; c++) {
                variance += Math.pow(x[p * channels + c] - mean, 2) / channels;
            }
            for (int c = 0; c < channels; c++) {
                y[p * channels + c] =
                        (x[p * channels + c] - mean) / Math.sqrt(variance + EPSILON) * scale[c] + shift[c];
            }
        }
        return y;
    }

    private static double[][] mambaLayer(MambaLayer layer, double[][] x) {
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

    private static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    private static double[] times(Parameter matrix, double[] x) {
        double[] y = new double[matrix.extent(0)];
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < matrix.extent(1); i++) {
                y[o] += at(matrix, o, i) * x[i];
            }
        }
        return y;
    }
}
