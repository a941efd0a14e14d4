package org.earshot.benchmarks.gpu;

import org.earshot.layer.Convolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/** Who computes the large part of a layer when it is put together from convolutions and products. */
interface Kernels {
    /** A convolution of {@code [B, T, F, I]}, channels last, without its bias. */
    float[] convolve(Convolution convolution, Shape shape, float[] x);

    /** {@code x [rows, width]} times the transpose of {@code weight [columns, width]}. */
    float[] multiply(float[] x, float[] weight, int width);

    /** A matrix that is stored as it is multiplied. */
    default float[] multiply(float[] x, Parameter weight) {
        return multiply(x, weight.values(), weight.extent(1));
    }
}
