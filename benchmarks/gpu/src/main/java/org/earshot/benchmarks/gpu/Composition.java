package org.earshot.benchmarks.gpu;

import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;

/** Convolutional layers put together from somebody's convolutions; what lies between them in plain Java. */
final class Composition {
    private static final double EPSILON = 1e-5;

    private Composition() {}

    /** A dense encoder's output for features {@code [B, T, F, 1]}. */
    static float[] encoder(DenseEncoder layer, Kernels kernels, Shape shape, float[] x) {
        // With one input channel there is nothing to multiply.
        float[] plane = normalized(layer.first(), shape, outer(x, layer.first().convolution()));
        Shape planes = layer.first().convolution().outputShape(shape);
        float[] history = plane;
        for (NormalizedConvolution unit : layer.block()) {
            int width = unit.convolution().inputs();
            Shape input = Shape.of(planes.extent(0), planes.extent(1), planes.extent(2), width);
            plane = normalized(unit, input, kernels.convolve(unit.convolution(), input, history));
            history = beside(plane, layer.channels(), history, width);
        }
        return normalized(layer.last(), planes, kernels.convolve(layer.last().convolution(), planes, plane));
    }

    /** A squeeze-and-excitation layer's output, of global means and without pooling, for {@code [B, T, F, I]}. */
    static float[] squeezeExcitation(SqueezeExcitation layer, Kernels kernels, Shape shape, float[] x) {
        float[] z = kernels.convolve(layer.convolution(), shape, x);
        float[] bias = layer.convolution().bias().values();
        int channels = layer.outputs();
        int clip = z.length / shape.extent(0);
        for (int begin = 0; begin < z.length; begin += clip) {
            double[] mean = new double[channels];
            for (int i = 0; i < clip; i++) {
                z[begin + i] += bias[i % channels];
                mean[i % channels] += z[begin + i] / (clip / (double) channels);
            }
            double[] hidden = times(layer.fc0(), mean);
            for (int i = 0; i < hidden.length; i++) {
                hidden[i] = Math.max(hidden[i], 0);
            }
            double[] gate = times(layer.fc2(), hidden);
            for (int i = 0; i < clip; i++) {
                z[begin + i] = (float) Math.max(z[begin + i] / (1 + Math.exp(-gate[i % channels])), 0);
            }
        }
        return z;
    }

    private static double[] times(Parameter matrix, double[] x) {
        double[] y = new double[matrix.extent(0)];
        for (int row = 0; row < y.length; row++) {
            for (int k = 0; k < x.length; k++) {
                y[row] += matrix.values()[row * x.length + k] * x[k];
            }
        }
        return y;
    }

    /** A convolution 1x1 of one channel. */
    private static float[] outer(float[] x, Convolution convolution) {
        float[] weight = convolution.weight().values();
        float[] y = new float[x.length * weight.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i / weight.length] * weight[i % weight.length];
        }
        return y;
    }

    /** Bias, instance norm and PReLU behind a convolution whose input had a shape. */
    private static float[] normalized(NormalizedConvolution unit, Shape input, float[] y) {
        int channels = unit.convolution().outputs();
        int clip = y.length / input.extent(0);
        double positions = clip / (double) channels;
        for (int begin = 0; begin < y.length; begin += clip) {
            double[] mean = new double[channels];
            double[] square = new double[channels];
            for (int i = 0; i < clip; i++) {
                mean[i % channels] += y[begin + i] / positions;
            }
            for (int i = 0; i < clip; i++) {
                double offset = y[begin + i] - mean[i % channels];
                square[i % channels] += offset * offset / positions;
            }
            for (int i = 0; i < clip; i++) {
                int channel = i % channels;
                // The bias went with the mean.
                double normed = (y[begin + i] - mean[channel])
                                / Math.sqrt(square[channel] + EPSILON)
                                * unit.scale().values()[channel]
                        + unit.shift().values()[channel];
                y[begin + i] =
                        (float) (normed > 0 ? normed : normed * unit.slope().values()[channel]);
            }
        }
        return y;
    }

    /** Channels of two tensors, the first's in front. */
    private static float[] beside(float[] first, int firstWidth, float[] second, int secondWidth) {
        int width = firstWidth + secondWidth;
        int positions = first.length / firstWidth;
        float[] both = new float[positions * width];
        for (int i = 0; i < positions; i++) {
            System.arraycopy(first, i * firstWidth, both, i * width, firstWidth);
            System.arraycopy(second, i * secondWidth, both, i * width + firstWidth, secondWidth);
        }
        return both;
    }
}
