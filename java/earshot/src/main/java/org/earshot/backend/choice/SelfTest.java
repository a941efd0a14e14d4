package org.earshot.backend.choice;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.backend.View;
import org.earshot.error.BackendException;
import org.earshot.layer.Activation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Layer;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;

/**
 * Runs the smallest ASCMamba that uses every operation and compares its logits with PyTorch's. Weights and inputs are
 * the numbers {@code ((37 k) mod 101 - 50) / 64}, k = 0, 1, 2, ...; {@code tools/reference/fixtures/self_test.py}
 * computes the logits from the same.
 */
final class SelfTest {
    /** PyTorch's logits, in float64. */
    private static final float[] EXPECTED = {-0.7492536f, -0.4089148f, -1.351259f, 1.151306f};

    /** Standard deviation of the logits. */
    private static final float SPREAD = 0.92f;

    private static final int CHANNELS = 3;
    private static final int INNER = 6;
    private static final int STATES = 4;

    private int count;

    private SelfTest() {}

    /**
     * Tests a backend.
     *
     * @param backend which
     * @param precision what it was started with
     * @throws BackendException if an output is wrong
     */
    static void run(Backend backend, Precision precision) {
        float tolerance = tolerance(precision);
        float[] actual = new SelfTest().logits(backend);
        for (int i = 0; i < EXPECTED.length; i++) {
            // Written so that NaN fails.
            if (!(Math.abs(actual[i] - EXPECTED[i]) <= tolerance)) {
                throw new BackendException(
                        backend,
                        "self-test outputs " + Arrays.toString(actual),
                        Arrays.toString(EXPECTED) + " within " + tolerance + " (choose another backend, and report "
                                + "this machine)");
            }
        }
    }

    /**
     * In float32 the project's tolerance, 1e-4 of the spread. In bfloat16 each factor is off by up to u = 2^-9 of
     * itself, which makes 2 u of a product; five products of the encoder and four of each of two paths lie one behind
     * the other, 13 in all. If all were off by the most and in the same direction it would be 26 u = 5 % of the spread.
     * In TF32 u is 2^-11.
     */
    private static float tolerance(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> 1e-4f * SPREAD;
            case BF16 -> 13 * 2 * 0x1p-9f * SPREAD;
            case TF32 -> 13 * 2 * 0x1p-11f * SPREAD;
        };
    }

    private float[] logits(Backend backend) {
        // In the order of PyTorch's named_parameters().
        NormalizedConvolution first = convolution(1, 1, 1, 1, 0, 0, 1);
        List<NormalizedConvolution> block = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            block.add(convolution(CHANNELS * (i + 1), 3, 3, 1, 1 << i, 1, 1 << i));
        }
        Layer encoder = new DenseEncoder(first, block, convolution(CHANNELS, 1, 3, 2, 0, 0, 1));
        Layer context = new ContextEncoder(next(2, 2), linear(8, 2, Activation.RELU), linear(4, 3, Activation.NONE));
        PreNorm timeNorm = norm();
        MambaLayer timeForward = mambaLayer();
        MambaLayer timeBackward = mambaLayer();
        PreNorm frequencyNorm = norm();
        MambaLayer frequencyForward = mambaLayer();
        MambaLayer frequencyBackward = mambaLayer();
        Layer time = new MambaPath(
                MambaPath.Axis.TIME,
                timeNorm,
                List.of(timeForward),
                List.of(timeBackward),
                next(2 * CHANNELS, CHANNELS),
                next(CHANNELS));
        Layer frequency = new MambaPath(
                MambaPath.Axis.FREQUENCY,
                frequencyNorm,
                List.of(frequencyForward),
                List.of(frequencyBackward),
                next(2 * CHANNELS, CHANNELS),
                next(CHANNELS));
        Layer classifier = linear(CHANNELS, EXPECTED.length, Activation.NONE);
        Parameter features = next(1, 5, 9, 1);
        Parameter timeFeatures = next(1, 8);
        Parameter location = new Parameter(Shape.of(1, 1), new float[] {1});

        try (Chain chain = new Chain(backend)) {
            View condition = chain.add(context, chain.input(location), chain.input(timeFeatures));
            View encoded = chain.add(encoder, chain.input(features));
            View alongTime = chain.add(time, encoded, condition);
            View alongFrequency = chain.add(frequency, alongTime, condition);
            View output =
                    chain.add(classifier, chain.add(new GlobalPool(CHANNELS, GlobalPool.Kind.MEAN), alongFrequency));
            return chain.run(output);
        }
    }

    private Parameter next(int... extents) {
        Shape shape = Shape.of(extents);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (37 * count++ % 101 - 50) / 64f;
        }
        return new Parameter(shape, values);
    }

    private Linear linear(int inputs, int outputs, Activation activation) {
        return new Linear(next(outputs, inputs), next(outputs), activation);
    }

    private PreNorm norm() {
        return new PreNorm.Conditional(linear(3, CHANNELS, Activation.NONE), linear(3, CHANNELS, Activation.NONE));
    }

    private NormalizedConvolution convolution(
            int inputs, int kernelTime, int kernelFrequency, int stride, int padTime, int padFrequency, int dilation) {
        return new NormalizedConvolution(
                new Convolution(
                        next(CHANNELS, inputs, kernelTime, kernelFrequency),
                        next(CHANNELS),
                        stride,
                        padTime,
                        padFrequency,
                        dilation),
                next(CHANNELS),
                next(CHANNELS),
                next(CHANNELS));
    }

    private MambaLayer mambaLayer() {
        Parameter norm = next(CHANNELS);
        Parameter aLog = next(INNER, STATES);
        Parameter skip = next(INNER);
        Parameter inProjection = next(2 * INNER, CHANNELS);
        Parameter convWeight = next(INNER, 1, 3);
        Parameter convBias = next(INNER);
        Parameter xProjection = next(1 + 2 * STATES, INNER);
        Parameter dtProjection = next(INNER, 1);
        Parameter dtBias = next(INNER);
        return new MambaLayer(
                norm,
                inProjection,
                convWeight,
                convBias,
                xProjection,
                dtProjection,
                dtBias,
                aLog,
                skip,
                next(CHANNELS, INNER));
    }

    /** Layers bound one behind the other in one execution. */
    private static final class Chain implements AutoCloseable {
        private final Backend backend;
        private final Execution execution;
        private final List<Operation> operations = new ArrayList<>();
        private final List<Operation.Step> steps = new ArrayList<>();

        Chain(Backend backend) {
            this.backend = backend;
            execution = backend.open();
        }

        View input(Parameter values) {
            View view = allocate(values.shape());
            execution.write(values.values(), view);
            return view;
        }

        View add(Layer layer, View... inputs) {
            Operation operation = backend.prepare(layer);
            operations.add(operation);
            List<Shape> shapes = Arrays.stream(inputs).map(View::shape).toList();
            View output = allocate(layer.outputShape(shapes));
            View scratch = allocate(Shape.withRoomFor(operation.scratch(shapes, execution)));
            steps.add(operation.bind(execution, List.of(inputs), output, scratch));
            return output;
        }

        private View allocate(Shape shape) {
            return new View(execution.allocate(shape.elements()), 0, shape);
        }

        float[] run(View output) {
            execution.run(List.copyOf(steps));
            float[] values = new float[(int) output.shape().elements()];
            execution.read(output, values);
            return values;
        }

        @Override
        public void close() {
            execution.close();
            operations.forEach(Operation::close);
        }
    }
}
