package org.earshot.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.earshot.layer.Activation;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;

/** Layers with random weights of the size that keeps values near 1. */
final class RandomLayers {
    private final Random random;

    RandomLayers(long seed) {
        random = new Random(seed);
    }

    Parameter normal(double mean, double deviation, int... extents) {
        Shape shape = Shape.of(extents);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return new Parameter(shape, values);
    }

    Linear linear(int inputs, int outputs, Activation activation) {
        return new Linear(normal(0, 1 / Math.sqrt(inputs), outputs, inputs), normal(0, 1, outputs), activation);
    }

    private NormalizedConvolution convolution(
            int inputs, int outputs, int kernelTime, int kernelFrequency, int stride, int padding, int dilation) {
        double scale = 1 / Math.sqrt(inputs * kernelTime * kernelFrequency);
        return new NormalizedConvolution(
                new Convolution(
                        normal(0, scale, outputs, inputs, kernelTime, kernelFrequency),
                        normal(0, 1, outputs),
                        stride,
                        padding * dilation,
                        padding,
                        dilation),
                normal(1, 0.3, outputs),
                normal(0, 0.3, outputs),
                normal(0.2, 0.2, outputs));
    }

    DenseEncoder denseEncoder(int channels, int depth) {
        List<NormalizedConvolution> block = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            block.add(convolution(channels * (i + 1), channels, 3, 3, 1, 1, 1 << i));
        }
        return new DenseEncoder(
                convolution(1, channels, 1, 1, 1, 0, 1), block, convolution(channels, channels, 1, 3, 2, 0, 1));
    }

    /** A Mamba layer whose time step's bias is as given (about -4 in a trained network). */
    MambaLayer mambaLayer(int channels, int expand, int states, int taps, double dtBias) {
        int inner = expand * channels;
        int rank = (channels + 15) / 16;
        return new MambaLayer(
                normal(1, 0.2, channels),
                normal(0, 1 / Math.sqrt(channels), 2 * inner, channels),
                normal(0, 1 / Math.sqrt(taps), inner, 1, taps),
                normal(0, 0.3, inner),
                normal(0, 1 / Math.sqrt(inner), rank + 2 * states, inner),
                normal(0, 1, inner, rank),
                normal(dtBias, 1, inner),
                normal(1, 1, inner, states),
                normal(1, 0.3, inner),
                normal(0, 1 / Math.sqrt(inner), channels, inner));
    }

    PreNorm plainNorm(int channels) {
        return new LayerNorm(normal(1, 0.3, channels), normal(0, 0.3, channels));
    }

    PreNorm conditionalNorm(int condition, int channels) {
        return new PreNorm.Conditional(
                linear(condition, channels, Activation.NONE), linear(condition, channels, Activation.NONE));
    }
}
