package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.earshot.backend.cpu.CpuBackend;
import org.earshot.backend.cpu.CpuProvider;
import org.earshot.backend.cpu.InstructionSet;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.error.BackendException;
import org.earshot.layer.Activation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Layer;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every backend must do (the layers of ASCMamba and what all networks share here, the others in
 * {@link SeTransLayersTest} and {@link MobileAscNetLayersTest}): every operation agrees with the formulas in double
 * precision, over sizes that straddle vector widths, and gives the same bits whatever the number of threads. A new
 * backend passes by being added to {@link #backends}.
 *
 * <p>Tolerance: {@value #TOLERANCE} times the standard deviation of the expected output plus its mean magnitude's
 * rounding (1e-6 of it); the project's promise for a whole network is ten times as much. Where a backend multiplies
 * bfloat16, an encoder or a path may differ by {@value #BF16_TOLERANCE} times the standard deviation: 16 roundings of
 * both factors, 2^-9 each, all in the same direction. (Whether every factor is rounded as it should be is compared
 * closely by the native tests, whose double-precision reference rounds them too.)
 */
class BackendContractTest {
    private static final double TOLERANCE = 1e-5;
    private static final double BF16_TOLERANCE = 16 * 2 * 0x1p-9;
    static final int[] WIDTHS = {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65};

    /** Makes a backend of a number of threads, and says how many are worth a try. */
    record Maker(String name, Precision precision, int mostThreads, IntFunction<Backend> make) {
        Maker(String name, Precision precision, IntFunction<Backend> make) {
            this(name, precision, 4, make);
        }

        Maker(String name, IntFunction<Backend> make) {
            this(name, Precision.FLOAT32, make);
        }

        /** What goldens are held to. */
        double goldenTolerance(Layer layer) {
            return precision == Precision.FLOAT32 ? 10 * TOLERANCE : rounding(layer);
        }

        double tolerance(Layer layer) {
            boolean rounds = layer instanceof DenseEncoder
                    || layer instanceof MambaPath
                    || layer instanceof SqueezeExcitation
                    || layer instanceof ResidualSeparable;
            if (precision != Precision.FLOAT32 && rounds) {
                return rounding(layer);
            }
            // A chain of convolutions whose products are transformed (Winograd): each leaves some 6e-7 on the average,
            // and the next one brings what its norm divides by a small deviation back to 1.
            return layer instanceof DenseEncoder ? 2 * TOLERANCE : TOLERANCE;
        }

        private double rounding(Layer layer) {
            // TF32 keeps three more bits than bfloat16; one is left for luck in layers of few numbers.
            return precision == Precision.TF32 ? bf16Tolerance(layer) / 4 : bf16Tolerance(layer);
        }

        /**
         * The tests' squeeze-and-excitation has gates whose two maps multiply by about 4 each: what rounding leaves in
         * an average comes 16 times as large into the exponential, and an average of few values may be three standard
         * deviations off. A path multiplies four values that are each products of rounded factors (step, input, and
         * both projections of the state): what its largest output, of several deviations, loses is counted on that
         * output.
         */
        private static double bf16Tolerance(Layer layer) {
            if (layer instanceof SqueezeExcitation) {
                return (1 + 3) * BF16_TOLERANCE;
            }
            return layer instanceof MambaPath ? 2 * BF16_TOLERANCE : BF16_TOLERANCE;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Maker> backends() {
        List<Maker> makers = new ArrayList<>();
        makers.add(new Maker("portable", PortableBackend::new));
        // Fails where the library does not load: a test that passes it over would show nothing.
        new CpuProvider().start(1, Precision.FLOAT32, OptionalInt.empty());
        for (InstructionSet set : InstructionSet.values()) {
            if (set.available()) {
                makers.add(new Maker("cpu " + set, threads -> new CpuBackend(set, threads)));
            }
        }
        if (InstructionSet.best().hasBf16()) {
            makers.add(new Maker(
                    "cpu bf16",
                    Precision.BF16,
                    threads -> new CpuBackend(InstructionSet.best(), threads, Precision.BF16)));
        }
        // The kernels for a device, executed on the CPU; the host's threads play no part in them.
        for (Precision precision : Precision.values()) {
            makers.add(new Maker("cuda " + precision, precision, 1, threads -> CudaKernels.start(precision)));
        }
        return makers.stream();
    }

    /** Compares a layer with its formula, and runs it on more threads. */
    static void check(Maker maker, Layer layer, Parameter... inputs) {
        double[] expected = layer.accept(new ReferenceLayers(List.of(inputs)));
        float[] actual = Runner.run(maker.make().apply(1), layer, inputs);
        float[] rounded = new float[expected.length];
        double magnitude = 0;
        for (int i = 0; i < expected.length; i++) {
            rounded[i] = (float) expected[i];
            magnitude += Math.abs(expected[i]) / expected.length;
        }
        double bound = maker.tolerance(layer) * Runner.deviation(rounded) + 1e-6 * magnitude;
        double difference = Runner.difference(rounded, actual);
        assertTrue(
                difference <= bound,
                () -> layer.kind() + " " + Arrays.toString(inputs) + ": difference " + difference + " above " + bound);
        for (int threads = 2; threads <= maker.mostThreads(); threads++) {
            assertArrayEquals(actual, Runner.run(maker.make().apply(threads), layer, inputs));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void linear(Maker maker) {
        RandomLayers random = new RandomLayers(1);
        for (int width : WIDTHS) {
            check(maker, random.linear(width, 5, Activation.NONE), random.normal(0, 1, 3, width));
            check(maker, random.linear(6, width, Activation.RELU), random.normal(0, 1, 2, 6));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void contextEncoder(Maker maker) {
        RandomLayers random = new RandomLayers(2);
        Linear time = random.linear(8, 5, Activation.RELU);
        Layer layer = new ContextEncoder(random.normal(0, 1, 22, 16), time, random.linear(21, 33, Activation.NONE));
        Parameter location = new Parameter(Shape.of(3, 1), new float[] {0, 21, 7});
        check(maker, layer, location, random.normal(0, 1, 3, 8));
        Layer unprojected = new ContextEncoder(random.normal(0, 1, 22, 17), time, null);
        check(maker, unprojected, location, random.normal(0, 1, 3, 8));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void globalPool(Maker maker) {
        RandomLayers random = new RandomLayers(3);
        for (int width : WIDTHS) {
            for (GlobalPool.Kind kind : GlobalPool.Kind.values()) {
                check(maker, new GlobalPool(width, kind), random.normal(2, 1, 2, 5, 7, width));
                check(maker, new GlobalPool(width, kind), random.normal(-9, 1, 1, 16, 1, width));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void denseEncoder(Maker maker) {
        RandomLayers random = new RandomLayers(4);
        for (int width : new int[] {1, 3, 7, 8, 9, 16, 17}) {
            check(maker, random.denseEncoder(width, 3), random.normal(0, 1, 2, 11, 13, 1));
        }
        // One frame; bands that leave one; more positions than a tile of any backend's; no dense block.
        check(maker, random.denseEncoder(4, 2), random.normal(0, 1, 1, 1, 9, 1));
        check(maker, random.denseEncoder(4, 2), random.normal(0, 1, 1, 6, 3, 1));
        check(maker, random.denseEncoder(2, 4), random.normal(0, 1, 1, 40, 33, 1));
        check(maker, random.denseEncoder(2, 1), random.normal(0, 1, 1, 2, 700, 1));
        check(maker, random.denseEncoder(5, 0), random.normal(0, 1, 1, 7, 8, 1));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void mambaPathOfAnyWidth(Maker maker) {
        RandomLayers random = new RandomLayers(5);
        for (int width : WIDTHS) {
            for (MambaPath.Axis axis : MambaPath.Axis.values()) {
                check(
                        maker,
                        path(random, axis, random.layerNorm(width), width, 2, 4, 4, 1, -4),
                        random.normal(0, 1, 1, 5, 3, width));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void mambaPathOfAnyForm(Maker maker) {
        RandomLayers random = new RandomLayers(6);
        int width = 6;
        for (MambaPath.Axis axis : MambaPath.Axis.values()) {
            for (int states : new int[] {1, 2, 5, 16, 17}) {
                for (int taps : new int[] {1, 2, 3, 4, 7}) {
                    check(
                            maker,
                            path(random, axis, new PreNorm.None(), width, 3, states, taps, 1, -4),
                            random.normal(0, 1, 1, 4, 3, width));
                }
            }
            check(
                    maker,
                    path(random, axis, random.conditionalNorm(5, width), width, 1, 3, 4, 3, -4),
                    random.normal(0, 1, 3, 9, 4, width),
                    random.normal(0, 1, 3, 5));
            // One position; sequences longer than any tile; a dead time step, and one that forgets everything.
            check(
                    maker,
                    path(random, axis, random.layerNorm(width), width, 2, 4, 4, 2, -4),
                    random.normal(0, 1, 1, 1, 1, width));
            check(maker, path(random, axis, new PreNorm.None(), 2, 2, 3, 4, 2, -4), random.normal(0, 1, 1, 1030, 2, 2));
            check(maker, path(random, axis, new PreNorm.None(), 2, 2, 3, 6, 1, -4), random.normal(0, 1, 1, 2, 1030, 2));
            for (double dtBias : new double[] {-150, -30, 10, 150}) {
                check(
                        maker,
                        path(random, axis, new PreNorm.None(), width, 2, 4, 4, 1, dtBias),
                        random.normal(0, 1e-2, 1, 6, 5, width));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void denormalInputsAndSilence(Maker maker) {
        RandomLayers random = new RandomLayers(7);
        for (double scale : new double[] {0, 1e-40, 1e-30}) {
            check(
                    maker,
                    path(random, MambaPath.Axis.TIME, random.layerNorm(4), 4, 2, 4, 4, 1, -4),
                    random.normal(0, scale, 1, 6, 3, 4));
            check(maker, random.denseEncoder(3, 2), random.normal(0, scale, 1, 6, 8, 1));
        }
    }

    private static MambaPath path(
            RandomLayers random,
            MambaPath.Axis axis,
            PreNorm norm,
            int channels,
            int expand,
            int states,
            int taps,
            int depth,
            double dtBias) {
        List<MambaLayer> forward = new ArrayList<>();
        List<MambaLayer> backward = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            forward.add(random.mambaLayer(channels, expand, states, taps, dtBias));
            backward.add(random.mambaLayer(channels, expand, states, taps, dtBias));
        }
        return new MambaPath(
                axis,
                norm,
                forward,
                backward,
                random.normal(0, 1 / Math.sqrt(2 * channels), 2 * channels, channels),
                random.normal(0, 1, channels));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void wrongArgumentsAreNamed(Maker maker) {
        RandomLayers random = new RandomLayers(8);
        Linear linear = random.linear(4, 3, Activation.NONE);
        Backend backend = maker.make().apply(1);
        try (Operation operation = backend.prepare(linear);
                Execution execution = backend.open();
                Execution other = backend.open()) {
            Memory memory = execution.allocate(20);
            View input = new View(memory, 0, Shape.of(2, 4));
            View output = new View(memory, 8, Shape.of(2, 3));
            View none = new View(memory, 20, Shape.of(0));
            assertDoesNotThrow(() -> operation.bind(execution, List.of(input), output, none));
            View wide = new View(memory, 0, Shape.of(2, 5));
            View overlapping = new View(memory, 7, Shape.of(2, 3));
            View foreign = new View(other.allocate(6), 0, Shape.of(2, 3));
            assertMessage("[2, 5]", () -> operation.bind(execution, List.of(wide), output, none));
            assertMessage("2 inputs", () -> operation.bind(execution, List.of(input, input), output, none));
            assertMessage("[2, 3]", () -> operation.bind(execution, List.of(input), wide, none));
            assertMessage("overlap", () -> operation.bind(execution, List.of(input), overlapping, none));
            assertMessage("another execution", () -> operation.bind(execution, List.of(input), foreign, none));
            assertMessage("another execution", () -> execution.write(new float[6], foreign));
            assertThrows(BackendException.class, () -> execution.allocate(Long.MAX_VALUE));
        }
    }

    private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(part), message);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void closeIsFinalAndMayBeRepeated(Maker maker) {
        Backend backend = maker.make().apply(2);
        Execution execution = backend.open();
        assertEquals(Math.min(2, maker.mostThreads()), execution.threads());
        Memory memory = execution.allocate(4);
        memory.close();
        memory.close();
        execution.close();
        execution.close();
        assertThrows(IllegalStateException.class, () -> execution.run(List.of()));
        assertThrows(IllegalStateException.class, () -> execution.allocate(1));
    }
}
