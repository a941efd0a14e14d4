package org.earshot.backend;

import static org.earshot.backend.ReferenceMath.EPSILON;
import static org.earshot.backend.ReferenceMath.apply;
import static org.earshot.backend.ReferenceMath.at;
import static org.earshot.backend.ReferenceMath.convolve;
import static org.earshot.backend.ReferenceMath.doubles;
import static org.earshot.backend.ReferenceMath.halve;
import static org.earshot.backend.ReferenceMath.mean;
import static org.earshot.backend.ReferenceMath.normalized;
import static org.earshot.backend.ReferenceMath.sigmoid;
import static org.earshot.backend.ReferenceMath.slice;
import static org.earshot.backend.ReferenceMath.times;

import java.util.ArrayList;
import java.util.List;
import org.earshot.layer.Activation;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.LayerVisitor;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/**
 * The formulas of tools/reference/spec/models.md, line by line in double precision, sharing nothing with any backend.
 */
final class ReferenceLayers implements LayerVisitor<double[]> {
    private final List<Parameter> inputs;

    ReferenceLayers(List<Parameter> inputs) {
        this.inputs = inputs;
    }

    private double[] input(int i) {
        return doubles(inputs.get(i));
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
        double[] y = new double[clips * layer.outputs()];
        for (int b = 0; b < clips; b++) {
            double[] time = apply(
                    layer.timeMapping(), slice(input(1), b, layer.timeMapping().inputs()));
            double[] joined = new double[width + time.length];
            for (int i = 0; i < width; i++) {
                joined[i] = at(layer.locationTable(), (int) input(0)[b], i);
            }
            System.arraycopy(time, 0, joined, width, time.length);
            double[] row = layer.projection() == null ? joined : apply(layer.projection(), joined);
            System.arraycopy(row, 0, y, b * row.length, row.length);
        }
        return y;
    }

    @Override
    public double[] globalPool(GlobalPool layer) {
        Shape shape = inputs.get(0).shape();
        double[] x = input(0);
        double[] y = new double[shape.extent(0) * layer.channels()];
        for (int i = 0; i < y.length; i++) {
            int b = i / layer.channels();
            int c = i % layer.channels();
            double largest = Double.NEGATIVE_INFINITY;
            for (int p = 0; p < shape.extent(1) * shape.extent(2); p++) {
                largest = Math.max(largest, x[(b * shape.extent(1) * shape.extent(2) + p) * layer.channels() + c]);
            }
            double mean = mean(x, shape, b, c, 0, shape.extent(1), 0, shape.extent(2));
            y[i] = layer.operation() == GlobalPool.Kind.MEAN ? mean : largest;
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
        int channels = out.extent(3);
        double[] y = convolve(conv, x, in);
        int plane = out.extent(1) * out.extent(2);
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
                    forward = ReferenceMamba.apply(mamba, forward);
                }
                for (MambaLayer mamba : layer.backward()) {
                    backward = ReferenceMamba.apply(mamba, backward);
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
            } else if (norm instanceof LayerNorm plain) {
                for (int c = 0; c < channels; c++) {
                    scale[c] = at(plain.scale(), c);
                    shift[c] = at(plain.shift(), c);
                }
            }
            double[] normalized = normalized(slice(x, p, channels));
            for (int c = 0; c < channels; c++) {
                y[p * channels + c] = normalized[c] * scale[c] + shift[c];
            }
        }
        return y;
    }

    @Override
    public double[] bandNorm(BandNorm layer) {
        int channels = inputs.get(0).extent(3);
        double[] y = input(0);
        for (int i = 0; i < y.length; i++) {
            int f = i / channels % layer.bands();
            y[i] = y[i] * at(layer.scale(), f) + at(layer.shift(), f);
        }
        return y;
    }

    @Override
    public double[] squeezeExcitation(SqueezeExcitation layer) {
        Shape shape = layer.convolution().outputShape(inputs.get(0).shape());
        double[] y = convolve(layer.convolution(), input(0), inputs.get(0).shape());
        int clip = y.length / shape.extent(0);
        for (int b = 0; b < shape.extent(0); b++) {
            double[] hidden = times(layer.fc0(), squeeze(layer, y, shape, b));
            for (int i = 0; i < hidden.length; i++) {
                hidden[i] = Math.max(hidden[i], 0);
            }
            double[] gate = times(layer.fc2(), hidden);
            for (int i = b * clip; i < (b + 1) * clip; i++) {
                y[i] = Math.max(y[i] * sigmoid(gate[i % gate.length]), 0);
            }
        }
        return layer.pooled() ? halve(y, shape) : y;
    }

    private static double[] squeeze(SqueezeExcitation layer, double[] z, Shape shape, int b) {
        List<Double> squeezed = new ArrayList<>();
        for (int k : layer.scales()) {
            for (int c = 0; c < layer.outputs(); c++) {
                for (int row = 0; row < k; row++) {
                    for (int column = 0; column < k; column++) {
                        int[] t = bin(row, k, shape.extent(1));
                        int[] f = bin(column, k, shape.extent(2));
                        squeezed.add(mean(z, shape, b, c, t[0], t[1], f[0], f[1]));
                    }
                }
            }
        }
        return squeezed.stream().mapToDouble(x -> x).toArray();
    }

    /** PyTorch's adaptive bin, as tools/reference/spec/models.md has it. */
    private static int[] bin(int i, int bins, int length) {
        return new int[] {
            (int) Math.floor((double) i * length / bins), (int) Math.ceil((double) (i + 1) * length / bins)
        };
    }

    @Override
    public double[] tokenPool(TokenPool layer) {
        Shape shape = inputs.get(0).shape();
        double[] x = input(0);
        double[] y = new double[shape.extent(0) * layer.tokens() * layer.channels()];
        for (int i = 0; i < y.length; i++) {
            int[] t = bin(i / layer.channels() % layer.tokens(), layer.tokens(), shape.extent(1));
            int b = i / layer.channels() / layer.tokens();
            y[i] = mean(x, shape, b, i % layer.channels(), t[0], t[1], 0, shape.extent(2));
        }
        return y;
    }

    @Override
    public double[] transformer(Transformer layer) {
        int tokens = inputs.get(0).extent(1);
        int width = layer.width();
        double[] y = new double[inputs.get(0).values().length];
        for (int b = 0; b < inputs.get(0).extent(0); b++) {
            double[][] x = new double[tokens][];
            for (int i = 0; i < tokens; i++) {
                x[i] = slice(input(0), b * tokens + i, width);
            }
            ReferenceAttention attention = new ReferenceAttention(layer, x);
            for (int i = 0; i < tokens; i++) {
                System.arraycopy(attention.token(i), 0, y, (b * tokens + i) * width, width);
            }
        }
        return y;
    }

    @Override
    public double[] concatenation(Concatenation layer) {
        return join(input(0), layer.first(), input(1), layer.second());
    }

    @Override
    public double[] residualSeparable(ResidualSeparable layer) {
        Shape in = inputs.get(0).shape();
        Shape shape = layer.convolution().outputShape(in);
        double[] z = convolve(layer.convolution(), input(0), in);
        for (int i = 0; i < z.length; i++) {
            z[i] = Math.max(z[i], 0);
        }
        double[] deep = depthwise(layer.depthwise(), z, shape);
        double[] y = new double[z.length];
        int channels = layer.outputs();
        for (int p = 0; p < y.length / channels; p++) {
            double[] x = slice(input(0), p, layer.inputs());
            double[] passed = layer.shortcut() == null ? x : apply(layer.shortcut(), x);
            double[] main = apply(layer.pointwise(), slice(deep, p, channels));
            for (int c = 0; c < channels; c++) {
                y[p * channels + c] = Math.max(main[c] + passed[c], 0);
            }
        }
        return halve(y, shape);
    }

    /** Each channel convolved by itself: the full convolution with all other weights zero. */
    private static double[] depthwise(Parameter weight, double[] x, Shape shape) {
        int channels = weight.extent(0);
        float[] full = new float[channels * channels * 9];
        for (int c = 0; c < channels; c++) {
            System.arraycopy(weight.values(), c * 9, full, (c * channels + c) * 9, 9);
        }
        Parameter zeros = new Parameter(Shape.of(channels), new float[channels]);
        return convolve(Convolution.same(new Parameter(Shape.of(channels, channels, 3, 3), full), zeros), x, shape);
    }

    @Override
    public double[] gru(Gru layer) {
        int frames = inputs.get(0).extent(1);
        int hidden = layer.hidden();
        double[] y = new double[inputs.get(0).extent(0) * frames * hidden];
        Linear ofInput = new Linear(layer.inputWeight(), layer.inputBias(), Activation.NONE);
        Linear ofState = new Linear(layer.hiddenWeight(), layer.hiddenBias(), Activation.NONE);
        for (int b = 0; b < inputs.get(0).extent(0); b++) {
            double[] h = new double[hidden];
            for (int t = b * frames; t < (b + 1) * frames; t++) {
                double[] x = apply(ofInput, slice(input(0), t, layer.inputs()));
                double[] s = apply(ofState, h);
                for (int i = 0; i < hidden; i++) {
                    double r = sigmoid(x[i] + s[i]);
                    double z = sigmoid(x[hidden + i] + s[hidden + i]);
                    double n = Math.tanh(x[2 * hidden + i] + r * s[2 * hidden + i]);
                    h[i] = (1 - z) * n + z * h[i];
                }
                System.arraycopy(h, 0, y, t * hidden, hidden);
            }
        }
        return y;
    }

    @Override
    public double[] gatedFusion(GatedFusion layer) {
        int width = layer.width();
        double[] y = input(0);
        for (int b = 0; b < inputs.get(0).extent(0); b++) {
            double[] x = slice(input(0), b, width);
            double[] carry = apply(layer.carryGate(), x);
            double[] gate = apply(layer.transformGate(), x);
            double[] transformed = apply(layer.transform(), x);
            for (int i = 0; i < width; i++) {
                y[b * width + i] = x[i] * (1 - sigmoid(carry[i])) + transformed[i] * sigmoid(gate[i]);
            }
        }
        return y;
    }
}
