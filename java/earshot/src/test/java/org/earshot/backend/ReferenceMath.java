package org.earshot.backend;

import org.earshot.layer.Activation;
import org.earshot.layer.Convolution;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/** The formulas that several layers share, in double precision. */
final class ReferenceMath {
    static final double EPSILON = 1e-5;

    private ReferenceMath() {}

    /** Values as doubles. */
    static double[] doubles(Parameter parameter) {
        double[] x = new double[parameter.values().length];
        for (int i = 0; i < x.length; i++) {
            x[i] = parameter.values()[i];
        }
        return x;
    }

    static double at(Parameter p, int... index) {
        int flat = 0;
        for (int d = 0; d < index.length; d++) {
            flat = flat * p.extent(d) + index[d];
        }
        return p.values()[flat];
    }

    static double[] slice(double[] x, int row, int width) {
        double[] part = new double[width];
        System.arraycopy(x, row * width, part, 0, width);
        return part;
    }

    static double[] apply(Linear layer, double[] x) {
        double[] y = times(layer.weight(), x);
        for (int o = 0; o < y.length; o++) {
            y[o] += at(layer.bias(), o);
            if (layer.activation() == Activation.RELU) {
                y[o] = Math.max(y[o], 0);
            }
        }
        return y;
    }

    static double[] times(Parameter matrix, double[] x) {
        double[] y = new double[matrix.extent(0)];
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < matrix.extent(1); i++) {
                y[o] += at(matrix, o, i) * x[i];
            }
        }
        return y;
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    static double silu(double x) {
        return x * sigmoid(x);
    }

    /** {@code (x - m) / sqrt(v + eps)} of one position. */
    static double[] normalized(double[] x) {
        double mean = 0;
        double variance = 0;
        for (double v : x) {
            mean += v / x.length;
        }
        for (double v : x) {
            variance += Math.pow(v - mean, 2) / x.length;
        }
        double[] y = new double[x.length];
        for (int c = 0; c < y.length; c++) {
            y[c] = (x[c] - mean) / Math.sqrt(variance + EPSILON);
        }
        return y;
    }

    static double[] apply(LayerNorm norm, double[] x) {
        double[] y = normalized(x);
        for (int c = 0; c < y.length; c++) {
            y[c] = y[c] * at(norm.scale(), c) + at(norm.shift(), c);
        }
        return y;
    }

    /** A convolution of {@code [B, T, F, I]}. */
    static double[] convolve(Convolution conv, double[] x, Shape in) {
        Shape out = conv.outputShape(in);
        double[] y = new double[(int) out.elements()];
        for (int i = 0; i < y.length; i++) {
            int o = i % out.extent(3);
            int f = i / out.extent(3) % out.extent(2);
            int t = i / out.extent(3) / out.extent(2) % out.extent(1);
            int b = i / out.extent(3) / out.extent(2) / out.extent(1);
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
        return y;
    }

    /** Mean of the frames from t0 and the bands from f0, both ends exclusive, of channel c of clip b. */
    static double mean(double[] x, Shape shape, int b, int c, int t0, int t1, int f0, int f1) {
        double sum = 0;
        for (int t = t0; t < t1; t++) {
            for (int f = f0; f < f1; f++) {
                sum += x[((b * shape.extent(1) + t) * shape.extent(2) + f) * shape.extent(3) + c];
            }
        }
        return sum / (t1 - t0) / (f1 - f0);
    }

    /** Average pooling 2x2, floor. */
    static double[] halve(double[] x, Shape shape) {
        int frames = shape.extent(1) / 2;
        int bands = shape.extent(2) / 2;
        double[] y = new double[shape.extent(0) * frames * bands * shape.extent(3)];
        for (int i = 0; i < y.length; i++) {
            int f = i / shape.extent(3) % bands;
            int t = i / shape.extent(3) / bands % frames;
            int b = i / shape.extent(3) / bands / frames;
            y[i] = mean(x, shape, b, i % shape.extent(3), 2 * t, 2 * t + 2, 2 * f, 2 * f + 2);
        }
        return y;
    }
}
