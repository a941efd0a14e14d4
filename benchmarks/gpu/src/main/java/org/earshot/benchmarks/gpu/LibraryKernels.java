package org.earshot.benchmarks.gpu;

import org.earshot.backend.Precision;
import org.earshot.layer.Convolution;
import org.earshot.layer.Shape;

/** cuDNN's convolutions and cuBLASLt's products, one after another. */
record LibraryKernels(Libraries libraries, Precision precision) implements Kernels {
    @Override
    public float[] convolve(Convolution convolution, Shape shape, float[] x) {
        try (CudnnConvolution call = new CudnnConvolution(libraries, convolution, shape, x, precision)) {
            call.enqueue();
            return call.output();
        }
    }

    @Override
    public float[] multiply(float[] x, float[] weight, int width) {
        try (LtProduct call = new LtProduct(libraries, x, x.length / width, weight, width, precision)) {
            call.enqueue();
            return call.output();
        }
    }
}
