package org.earshot.architecture;

import org.earshot.layer.BandNorm;
import org.earshot.layer.Convolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/**
 * A trained batch norm as an affine map of each channel, {@code y = x * scale + shift} with {@code scale = weight /
 * sqrt(variance + 1e-5)} and {@code shift = bias - mean * scale}, taken in double precision, to be folded into the map
 * in front of it.
 */
final class BatchNorm {
    private static final double EPSILON = 1e-5;

    private final double[] scale;
    private final double[] shift;

    /** Takes PyTorch's {@code weight}, {@code bias}, {@code running_mean} and {@code running_var}, each {@code [C]}. */
    BatchNorm(Parameter weight, Parameter bias, Parameter mean, Parameter variance) {
        scale = new double[weight.values().length];
        shift = new double[scale.length];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = weight.values()[c] / Math.sqrt(variance.values()[c] + EPSILON);
            shift[c] = bias.values()[c] - mean.values()[c] * scale[c];
        }
    }

    /** The weight of a map without bias, {@code [C, ...]}, followed by this norm. */
    Parameter foldedWeight(Parameter weight) {
        float[] values = new float[weight.values().length];
        int perChannel = values.length / scale.length;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (weight.values()[i] * scale[i / perChannel]);
        }
        return new Parameter(weight.shape(), values);
    }

    /** The bias that is then left, {@code [C]}. */
    Parameter foldedBias() {
        return floats(shift);
    }

    /** A convolution without bias that keeps the size, followed by this norm. */
    Convolution folded(Parameter weight) {
        return Convolution.same(foldedWeight(weight), foldedBias());
    }

    /** The norm by itself, over mel bands. */
    BandNorm overBands() {
        return new BandNorm(floats(scale), floats(shift));
    }

    private static Parameter floats(double... values) {
        float[] rounded = new float[values.length];
        for (int c = 0; c < values.length; c++) {
            rounded[c] = (float) values[c];
        }
        return new Parameter(Shape.of(values.length), rounded);
    }
}
