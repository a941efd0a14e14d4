package org.earshot.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Precision;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.Layer;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;

/** What is measured: a layer of Earshot's at the papers' sizes, and what the libraries do of it. */
public enum Work {
    /** ASCMamba's encoder of a clip of 10 s, against the five convolutions in it that have many inputs. */
    DENSE_ENCODER("dense encoder", "cuDNN: its five convolutions", 500, 500, 64, 1) {
        @Override
        DenseEncoder layer() {
            return new RandomLayers().denseEncoder(64, 4);
        }

        @Override
        float[] compose(Kernels kernels, Shape shape, float[] x) {
            return Composition.encoder(layer(), kernels, shape, x);
        }

        @Override
        List<LibraryCall> calls(Libraries libraries, Shape shape, Precision precision) {
            DenseEncoder layer = layer();
            List<LibraryCall> calls = new ArrayList<>();
            for (NormalizedConvolution unit : layer.block()) {
                calls.add(convolution(libraries, unit.convolution(), shape, precision));
            }
            calls.add(convolution(libraries, layer.last().convolution(), shape, precision));
            return calls;
        }

        @Override
        double operations(Shape shape) {
            DenseEncoder layer = layer();
            double sum = convolutionOperations(layer.last().convolution(), shape);
            for (NormalizedConvolution unit : layer.block()) {
                sum += convolutionOperations(unit.convolution(), shape);
            }
            return sum;
        }
    },
    /** SE-Trans's third convolution with its gate, against the convolution. */
    SQUEEZE_EXCITATION("squeeze-and-excitation, 64 to 128", "cuDNN: its convolution", 250, 250, 32, 64) {
        @Override
        SqueezeExcitation layer() {
            return new RandomLayers().squeezeExcitation(64, 128, 8);
        }

        @Override
        float[] compose(Kernels kernels, Shape shape, float[] x) {
            return Composition.squeezeExcitation(layer(), kernels, shape, x);
        }

        @Override
        List<LibraryCall> calls(Libraries libraries, Shape shape, Precision precision) {
            return List.of(convolution(libraries, layer().convolution(), shape, precision));
        }

        @Override
        double operations(Shape shape) {
            return convolutionOperations(layer().convolution(), shape);
        }
    },
    /**
     * A Mamba path over time, against its products: two each of in_proj, x_proj, dt_proj and out_proj, and the last.
     */
    TIME_PATH("Mamba path over time", "cuBLASLt: its nine products", 500, 40, 31, 64) {
        @Override
        MambaPath layer() {
            return new RandomLayers().path(MambaPath.Axis.TIME, 64, 256, 16);
        }
    },
    /** As {@link #TIME_PATH}. */
    FREQUENCY_PATH("Mamba path over frequency", "cuBLASLt: its nine products", 500, 40, 31, 64) {
        @Override
        MambaPath layer() {
            return new RandomLayers().path(MambaPath.Axis.FREQUENCY, 64, 256, 16);
        }
    },
    /** A layer that changes nothing, on 64 MiB a clip, against a copy: what memory allows. */
    COPY("band norm by ones", "CUDA runtime: a copy", 262_144, 262_144, 64, 1) {
        @Override
        Layer layer() {
            return new RandomLayers().identity(64);
        }

        @Override
        float[] compose(Kernels kernels, Shape shape, float[] x) {
            Libraries libraries = Libraries.open();
            try (DeviceCopy copy = new DeviceCopy(libraries, x, x.length)) {
                copy.enqueue();
                return copy.output();
            }
        }

        @Override
        List<LibraryCall> calls(Libraries libraries, Shape shape, Precision precision) {
            return List.of(new DeviceCopy(libraries, NOISE, shape.elements()));
        }

        @Override
        double operations(Shape shape) {
            return 0;
        }
    };

    private static final float[] NOISE = new RandomLayers().values(1 << 20, 0, 1);

    /** What Earshot does. */
    final String ours;
    /** What the library does of it. */
    final String theirs;

    private final int frames;
    private final int checkedFrames;
    private final int bands;
    private final int channels;

    Work(String ours, String theirs, int frames, int checkedFrames, int bands, int channels) {
        this.ours = ours;
        this.theirs = theirs;
        this.frames = frames;
        this.checkedFrames = checkedFrames;
        this.bands = bands;
        this.channels = channels;
    }

    /** The layer, the same one every time. */
    abstract Layer layer();

    /** The layer's output as its parts make it. */
    float[] compose(Kernels kernels, Shape shape, float[] x) {
        return MambaComposition.path((MambaPath) layer(), kernels, shape, x);
    }

    /** The library's calls for an input of a shape. What they read is noise. */
    List<LibraryCall> calls(Libraries libraries, Shape shape, Precision precision) {
        MambaPath path = (MambaPath) layer();
        List<LibraryCall> calls = new ArrayList<>();
        long tokens = shape.elements() / shape.extent(3);
        for (MambaLayer mamba : List.of(path.forward().get(0), path.backward().get(0))) {
            calls.add(product(libraries, tokens, mamba.inProjection().values(), mamba.channels(), precision));
            calls.add(product(libraries, tokens, mamba.xProjection().values(), mamba.inner(), precision));
            calls.add(product(libraries, tokens, mamba.dtProjection().values(), mamba.rank(), precision));
            calls.add(product(libraries, tokens, mamba.outProjection().values(), mamba.inner(), precision));
        }
        calls.add(product(libraries, tokens, MambaComposition.transposed(path), 2 * path.channels(), precision));
        return calls;
    }

    /** Operations of the library's calls, two a multiply-add. */
    double operations(Shape shape) {
        MambaPath path = (MambaPath) layer();
        double weights = path.projectionWeight().shape().elements();
        for (MambaLayer mamba : List.of(path.forward().get(0), path.backward().get(0))) {
            weights += mamba.inProjection().shape().elements()
                    + mamba.xProjection().shape().elements()
                    + mamba.dtProjection().shape().elements()
                    + mamba.outProjection().shape().elements();
        }
        return 2 * weights * shape.elements() / shape.extent(3);
    }

    /** Bytes that a copy of the input reads and writes. */
    static double bytes(Shape shape) {
        return 2.0 * Float.BYTES * shape.elements();
    }

    /** The input's shape where it is timed. */
    Shape shape(int batch) {
        return Shape.of(batch, frames, bands, channels);
    }

    /** The input's shape where results are compared; recurrences are short in it, as plain Java computes them too. */
    Shape checkedShape() {
        return Shape.of(1, checkedFrames, bands, channels);
    }

    /** Whether a precision other than float32 means anything. */
    boolean multiplies() {
        return this != COPY;
    }

    private static double convolutionOperations(Convolution convolution, Shape shape) {
        double outputs = convolution
                .outputShape(Shape.of(shape.extent(0), shape.extent(1), shape.extent(2), convolution.inputs()))
                .elements();
        return 2 * outputs * convolution.weight().shape().elements() / convolution.outputs();
    }

    private static LibraryCall convolution(
            Libraries libraries, Convolution convolution, Shape shape, Precision precision) {
        Shape input = Shape.of(shape.extent(0), shape.extent(1), shape.extent(2), convolution.inputs());
        return new CudnnConvolution(libraries, convolution, input, NOISE, precision);
    }

    private static LibraryCall product(Libraries libraries, long rows, float[] weight, int width, Precision precision) {
        return new LtProduct(libraries, NOISE, rows, weight, width, precision);
    }

    /** Normally distributed, repeated after a million numbers. */
    static float[] noise(long count) {
        float[] values = new float[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            values[i] = NOISE[i % NOISE.length];
        }
        return values;
    }
}
