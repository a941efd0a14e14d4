package org.earshot.backend;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.earshot.layer.Layer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/**
 * Times ASCMamba's layers at paper size (C = 64, T = 500, F = 64, conditioned, random weights) for one clip, layer kind
 * by layer kind. Not a test; what it times is checked by {@link BackendContractTest}. Run it, after the test classes
 * were compiled, from java/earshot with
 *
 * <pre>java -cp target/classes:target/test-classes org.earshot.backend.PaperSizeTiming BACKEND THREADS RUNS</pre>
 *
 * <p>It prints wall-clock time, and the process's CPU time over the number of threads, which says what a machine that
 * is busy with other work would do alone.
 */
public final class PaperSizeTiming {
    private static final int CHANNELS = 64;

    private PaperSizeTiming() {}

    /** Times a backend by name. */
    public static void main(String[] arguments) {
        int threads = Integer.parseInt(arguments[1]);
        Backend backend = Backends.start(arguments[0], threads);
        RandomLayers random = new RandomLayers(1);
        Parameter features = random.normal(0, 1, 1, 500, 64, 1);
        Parameter planes = random.normal(0, 1, 1, 500, 31, CHANNELS);
        Parameter condition = random.normal(0, 1, 1, 32);
        Timing encoder = new Timing(backend, random.denseEncoder(CHANNELS, 4), features);
        Timing time = new Timing(backend, path(random, MambaPath.Axis.TIME), planes, condition);
        Timing frequency = new Timing(backend, path(random, MambaPath.Axis.FREQUENCY), planes, condition);
        for (int run = 0; run < Integer.parseInt(arguments[2]); run++) {
            double[] clip = new double[2];
            for (Timing timing : List.of(encoder, time, frequency)) {
                double[] seconds = timing.run(threads);
                for (int i = 0; i < 2; i++) {
                    clip[i] += seconds[i] * (timing == encoder ? 1 : 4);
                }
            }
            System.out.printf(Locale.ROOT, "clip: wall %.2f s, CPU / threads %.2f s%n", clip[0], clip[1]);
        }
    }

    private static MambaPath path(RandomLayers random, MambaPath.Axis axis) {
        return new MambaPath(
                axis,
                random.conditionalNorm(32, CHANNELS),
                List.of(random.mambaLayer(CHANNELS, 4, 16, 4, -4)),
                List.of(random.mambaLayer(CHANNELS, 4, 16, 4, -4)),
                random.normal(0, 0.1, 2 * CHANNELS, CHANNELS),
                random.normal(0, 1, CHANNELS));
    }

    /** One layer, bound. */
    private static final class Timing {
        private final Layer layer;
        private final Execution execution;
        private final List<Operation.Step> steps;
        private final double flops;

        Timing(Backend backend, Layer layer, Parameter... inputs) {
            this.layer = layer;
            execution = backend.open();
            List<Shape> shapes = Arrays.stream(inputs).map(Parameter::shape).toList();
            List<View> views = new ArrayList<>();
            for (Parameter input : inputs) {
                View view = view(input.shape());
                execution.write(input.values(), view);
                views.add(view);
            }
            Operation operation = backend.prepare(layer);
            View scratch = view(Shape.of(Math.toIntExact(operation.scratch(shapes, execution))));
            steps = List.of(operation.bind(execution, views, view(layer.outputShape(shapes)), scratch));
            flops = 2.0 * layer.multiplyAdds(shapes);
        }

        private static Duration cpuTime() {
            return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
        }

        private View view(Shape shape) {
            return new View(execution.allocate(shape.elements()), 0, shape);
        }

        /** Wall-clock and CPU seconds of one run, the latter over the number of threads. */
        double[] run(int threads) {
            long wallStart = System.nanoTime();
            long cpuStart = cpuTime().toNanos();
            execution.run(steps);
            double wall = (System.nanoTime() - wallStart) * 1e-9;
            double cpu = (cpuTime().toNanos() - cpuStart) * 1e-9 / threads;
            System.out.printf(
                    Locale.ROOT,
                    "%-26s wall %5.0f ms (%.1f GFLOP/s), CPU / threads %5.0f ms%n",
                    layer.kind(),
                    wall * 1e3,
                    flops / wall * 1e-9,
                    cpu * 1e3);
            return new double[] {wall, cpu};
        }
    }
}
