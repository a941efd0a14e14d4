package org.earshot.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.earshot.layer.Activation;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.Gru;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.Transformer;

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

    PreNorm conditionalNorm(int condition, int channels) {
        return new PreNorm.Conditional(
                linear(condition, channels, Activation.NONE), linear(condition, channels, Activation.NONE));
    }

    LayerNorm layerNorm(int channels) {
        return new LayerNorm(normal(1, 0.3, channels), normal(0, 0.3, channels));
    }

    private Convolution same(int inputs, int outputs) {
        return Convolution.same(normal(0, 1 / Math.sqrt(9 * inputs), outputs, inputs, 3, 3), normal(0, 0.3, outputs));
    }

    /** Gates far from one half, so that a wrong one shows. */
    SqueezeExcitation squeezeExcitation(int inputs, int outputs, int hidden, List<Integer> scales, boolean pooled) {
        int squeezed = SqueezeExcitation.squeezed(outputs, scales);
        return new SqueezeExcitation(
                same(inputs, outputs),
                normal(0, 4 / Math.sqrt(squeezed), hidden, squeezed),
                normal(0, 4 / Math.sqrt(hidden), outputs, hidden),
                scales,
                pooled);
    }

    Transformer transformer(int heads, int width, int hidden) {
        return new Transformer(
                heads,
                linear(width, 3 * width, Activation.NONE),
                linear(width, width, Activation.NONE),
                linear(width, hidden, Activation.RELU),
                linear(hidden, width, Activation.NONE),
                layerNorm(width),
                layerNorm(width));
    }

    /** With a shortcut of its own, or with the identity. */
    ResidualSeparable residualSeparable(int inputs, int outputs, boolean identity) {
        return new ResidualSeparable(
                same(inputs, outputs),
                normal(0, 1 / 3.0, outputs, 1, 3, 3),
                linear(outputs, outputs, Activation.NONE),
                identity ? null : linear(inputs, outputs, Activation.NONE));
    }

    Gru gru(int inputs, int hidden) {
        return new Gru(
                normal(0, 1 / Math.sqrt(inputs), 3 * hidden, inputs),
                normal(0, 1 / Math.sqrt(hidden), 3 * hidden, hidden),
                normal(0, 0.3, 3 * hidden),
                normal(0, 0.3, 3 * hidden));
    }

    GatedFusion gatedFusion(int width) {
        return new GatedFusion(
                linear(width, width, Activation.NONE),
                linear(width, width, Activation.NONE),
                linear(width, width, Activation.NONE));
    }
}
