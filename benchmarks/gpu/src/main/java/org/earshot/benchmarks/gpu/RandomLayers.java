package org.earshot.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;

/** Layers of the papers' kinds with random weights, whose outputs neither vanish nor explode; the same every time. */
final class RandomLayers {
    private final Random random = new Random(1);

    private Parameter normal(double mean, double deviation, int... extents) {
        Shape shape = Shape.of(extents);
        return new Parameter(shape, values(shape.elements(), mean, deviation));
    }

    /** Numbers that are not of a layer. */
    float[] values(long count, double mean, double deviation) {
        float[] values = new float[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return values;
    }

    private Convolution convolution(
            int inputs, int outputs, int kernelTime, int kernelFrequency, int stride, int dilation) {
        return new Convolution(
                normal(
                        0,
                        1 / Math.sqrt(inputs * kernelTime * kernelFrequency),
                        outputs,
                        inputs,
                        kernelTime,
                        kernelFrequency),
                normal(0, 1, outputs),
                stride,
                kernelTime / 2 * dilation,
                stride > 1 ? 0 : kernelFrequency / 2,
                dilation);
    }

    private NormalizedConvolution normalized(Convolution convolution) {
        int channels = convolution.outputs();
        return new NormalizedConvolution(
                convolution, normal(1, 0.3, channels), normal(0, 0.3, channels), normal(0.2, 0.2, channels));
    }

    /** ASCMamba's, of a depth; 4 and 64 channels in the paper. */
    DenseEncoder denseEncoder(int channels, int depth) {
        List<NormalizedConvolution> block = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            block.add(normalized(convolution(channels * (i + 1), channels, 3, 3, 1, 1 << i)));
        }
        return new DenseEncoder(
                normalized(convolution(1, channels, 1, 1, 1, 1)),
                block,
                normalized(convolution(channels, channels, 1, 3, 2, 1)));
    }

    /** SE-Trans's, of global means and without the pooling behind it. */
    SqueezeExcitation squeezeExcitation(int inputs, int outputs, int hidden) {
        return new SqueezeExcitation(
                convolution(inputs, outputs, 3, 3, 1, 1),
                normal(0, 4 / Math.sqrt(outputs), hidden, outputs),
                normal(0, 4 / Math.sqrt(hidden), outputs, hidden),
                List.of(1),
                false);
    }

    /** ASCMamba's, without a norm in front. */
    MambaPath path(MambaPath.Axis axis, int channels, int inner, int states) {
        return new MambaPath(
                axis,
                new PreNorm.None(),
                List.of(mamba(channels, inner, states)),
                List.of(mamba(channels, inner, states)),
                normal(0, 1 / Math.sqrt(2 * channels), 2 * channels, channels),
                normal(0, 0.3, channels));
    }

    private MambaLayer mamba(int channels, int inner, int states) {
        int rank = (channels + 15) / 16;
        int taps = 4;
        return new MambaLayer(
                normal(1, 0.2, channels),
                normal(0, 1 / Math.sqrt(channels), 2 * inner, channels),
                normal(0, 1 / Math.sqrt(taps), inner, 1, taps),
                normal(0, 0.3, inner),
                normal(0, 1 / Math.sqrt(inner), rank + 2 * states, inner),
                normal(0, 1, inner, rank),
                normal(-4, 1, inner),
                normal(1, 1, inner, states),
                normal(1, 0.3, inner),
                normal(0, 1 / Math.sqrt(inner), channels, inner));
    }

    /** Scale 1 and shift 0: a copy. */
    BandNorm identity(int bands) {
        return new BandNorm(normal(1, 0, bands), normal(0, 0, bands));
    }
}
