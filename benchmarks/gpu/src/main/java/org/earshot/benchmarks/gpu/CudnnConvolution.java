package org.earshot.benchmarks.gpu;

import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.FloatPointer;
import org.earshot.backend.Precision;
import org.earshot.layer.Convolution;
import org.earshot.layer.Shape;

/**
 * A convolution without its bias by cuDNN, channels last ({@code [B, T, F, C]}) as Earshot's layers have them, with the
 * algorithm that cuDNN finds fastest on the sizes. In bfloat16 its output is rounded too. cuDNN calls these functions
 * deprecated since it has graphs, which would have to be put together node by node.
 */
@SuppressWarnings("deprecation")
final class CudnnConvolution implements LibraryCall {
    private static final int MOST_ALGORITHMS = 16;

    private final Libraries libraries;
    private final cudnnTensorStruct inputs = new cudnnTensorStruct();
    private final cudnnFilterStruct filters = new cudnnFilterStruct();
    private final cudnnConvolutionStruct convolution = new cudnnConvolutionStruct();
    private final cudnnTensorStruct outputs = new cudnnTensorStruct();
    private final FloatPointer one = new FloatPointer(1f);
    private final FloatPointer zero = new FloatPointer(0f);
    private final DeviceMemory x;
    private final DeviceMemory weight;
    private final DeviceMemory y;
    private final int algorithm;

    /** Sets it up for a shape {@code [B, T, F, I]}, with values that are repeated where they are fewer. */
    CudnnConvolution(Libraries libraries, Convolution of, Shape shape, float[] values, Precision precision) {
        this.libraries = libraries;
        boolean bf16 = precision == Precision.BF16;
        int type = bf16 ? cudnn.CUDNN_DATA_BFLOAT16 : cudnn.CUDNN_DATA_FLOAT;
        Shape out = of.outputShape(shape);
        float[] filter = channelsLast(of);
        x = new DeviceMemory(values, shape.elements(), bf16);
        weight = new DeviceMemory(filter, filter.length, bf16);
        y = new DeviceMemory(out.elements(), bf16);
        Cuda.checkCudnn(cudnn.cudnnCreateTensorDescriptor(inputs), "describing an input");
        Cuda.checkCudnn(cudnn.cudnnCreateFilterDescriptor(filters), "describing weights");
        Cuda.checkCudnn(cudnn.cudnnCreateConvolutionDescriptor(convolution), "describing a convolution");
        Cuda.checkCudnn(cudnn.cudnnCreateTensorDescriptor(outputs), "describing an output");
        describe(inputs, type, shape);
        describe(outputs, type, out);
        Cuda.checkCudnn(
                cudnn.cudnnSetFilter4dDescriptor(
                        filters,
                        type,
                        cudnn.CUDNN_TENSOR_NHWC,
                        of.outputs(),
                        of.inputs(),
                        of.kernelTime(),
                        of.kernelFrequency()),
                "describing weights");
        Cuda.checkCudnn(
                cudnn.cudnnSetConvolution2dDescriptor(
                        convolution,
                        of.paddingTime(),
                        of.paddingFrequency(),
                        1,
                        of.strideFrequency(),
                        of.dilationTime(),
                        1,
                        cudnn.CUDNN_CROSS_CORRELATION,
                        cudnn.CUDNN_DATA_FLOAT),
                "describing a convolution");
        int math = precision == Precision.FLOAT32 ? cudnn.CUDNN_FMA_MATH : cudnn.CUDNN_TENSOR_OP_MATH;
        setMath(math);
        algorithm = fastest(precision, math);
    }

    private static void describe(cudnnTensorStruct descriptor, int type, Shape shape) {
        Cuda.checkCudnn(
                cudnn.cudnnSetTensor4dDescriptor(
                        descriptor,
                        cudnn.CUDNN_TENSOR_NHWC,
                        type,
                        shape.extent(0),
                        shape.extent(3),
                        shape.extent(1),
                        shape.extent(2)),
                "describing a tensor");
    }

    private void setMath(int math) {
        Cuda.checkCudnn(cudnn.cudnnSetConvolutionMathType(convolution, math), "choosing the arithmetic");
    }

    /** cuDNN's own measurement. In float32 what rounds factors to TF32 does not count. */
    private int fastest(Precision precision, int math) {
        int[] found = new int[1];
        try (cudnnConvolutionFwdAlgoPerf_t results = new cudnnConvolutionFwdAlgoPerf_t(MOST_ALGORITHMS)) {
            Cuda.checkCudnn(
                    cudnn.cudnnFindConvolutionForwardAlgorithmEx(
                            libraries.dnn,
                            inputs,
                            x.address(),
                            filters,
                            weight.address(),
                            convolution,
                            outputs,
                            y.address(),
                            MOST_ALGORITHMS,
                            found,
                            results,
                            libraries.workspace.address(),
                            libraries.workspace.bytes()),
                    "looking for an algorithm");
            for (int i = 0; i < found[0]; i++) {
                cudnnConvolutionFwdAlgoPerf_t result = results.getPointer(i);
                boolean exact = result.mathType() == math;
                if (result.status() == cudnn.CUDNN_STATUS_SUCCESS && (exact || precision != Precision.FLOAT32)) {
                    setMath(result.mathType());
                    return result.algo();
                }
            }
        }
        throw new IllegalStateException(
                "cuDNN found none of " + found[0] + " algorithms for a convolution in " + precision + " that works");
    }

    /** {@code [O, I, KT, KF]} to {@code [O, KT, KF, I]}. */
    private static float[] channelsLast(Convolution of) {
        int taps = of.kernelTime() * of.kernelFrequency();
        float[] from = of.weight().values();
        float[] to = new float[from.length];
        for (int row = 0; row < of.outputs(); row++) {
            for (int channel = 0; channel < of.inputs(); channel++) {
                for (int tap = 0; tap < taps; tap++) {
                    to[(row * taps + tap) * of.inputs() + channel] = from[(row * of.inputs() + channel) * taps + tap];
                }
            }
        }
        return to;
    }

    @Override
    public void enqueue() {
        Cuda.checkCudnn(
                cudnn.cudnnConvolutionForward(
                        libraries.dnn,
                        one,
                        inputs,
                        x.address(),
                        filters,
                        weight.address(),
                        convolution,
                        algorithm,
                        libraries.workspace.address(),
                        libraries.workspace.bytes(),
                        zero,
                        outputs,
                        y.address()),
                "a convolution");
    }

    /** What the last run made. */
    float[] output() {
        return y.values();
    }

    @Override
    public void close() {
        cudnn.cudnnDestroyTensorDescriptor(inputs);
        cudnn.cudnnDestroyFilterDescriptor(filters);
        cudnn.cudnnDestroyConvolutionDescriptor(convolution);
        cudnn.cudnnDestroyTensorDescriptor(outputs);
        one.close();
        zero.close();
        x.close();
        weight.close();
        y.close();
    }
}
