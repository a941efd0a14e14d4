package org.earshot.benchmarks;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * How long a cache line takes from one thread to another, in ns, mean over the iterations; nothing with one processor.
 *
 * <p>A virtual machine's two processors can be neighbours or lie on two chips, and its host moves them between runs. An
 * engine whose threads share every small operation's data, as ONNX Runtime's do within a scan, takes twice as long
 * there.
 */
public final class CoreDistanceProfiler implements InternalProfiler {
    /** Name of the result. */
    static final String LABEL = "cores.distance";

    private static final int ROUNDS = 9;
    private static final int EXCHANGES = 2_000;

    /** For JMH. */
    public CoreDistanceProfiler() {}

    @Override
    public String getDescription() {
        return "time of a cache line between two threads";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        // Asked behind each iteration alone, when the engine's threads rest.
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        if (Runtime.getRuntime().availableProcessors() < 2) {
            return List.of();
        }
        double[] nanoseconds = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            nanoseconds[i] = exchange();
        }
        Arrays.sort(nanoseconds);
        return List.of(new ScalarResult(LABEL, nanoseconds[0], "ns", AggregationPolicy.AVG));
    }

    /** Two threads count up in turns: each number is one way of the line. */
    private static double exchange() {
        AtomicInteger number = new AtomicInteger();
        Thread other = new Thread(() -> countEverySecond(number, 1));
        other.setDaemon(true);
        other.start();
        while (number.get() != 1) {
            Thread.onSpinWait();
        }
        long start = System.nanoTime();
        countEverySecond(number, 2);
        return (System.nanoTime() - start) / (2.0 * EXCHANGES);
    }

    private static void countEverySecond(AtomicInteger number, int first) {
        for (int i = first; i < first + 2 * EXCHANGES; i += 2) {
            while (number.get() != i - 1) {
                Thread.onSpinWait();
            }
            number.set(i);
        }
    }
}
