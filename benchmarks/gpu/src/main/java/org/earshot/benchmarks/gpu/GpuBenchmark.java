package org.earshot.benchmarks.gpu;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.earshot.backend.Precision;
import org.earshot.layer.Shape;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A work by Earshot or by the libraries, its input already on the device, several times a run. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GpuBenchmark {
    static final String EARSHOT = "earshot";
    static final String LIBRARY = "library";

    /** Differences that were found, by work and precision: each is looked at once in a process. */
    private static final Map<String, Double> CHECKED = new ConcurrentHashMap<>();

    /** Who works. */
    @Param({EARSHOT, LIBRARY})
    public String contender;

    /** What is done. */
    @Param
    public Work work;

    /** How factors are rounded. */
    @Param
    public Precision precision;

    /** Clips at once. */
    @Param({"1", "16"})
    public int batch;

    private Contender running;

    /** Compares the two sides' results, then prepares the one that is timed. */
    @Setup(Level.Trial)
    public void open() {
        CHECKED.computeIfAbsent(
                work + " " + precision,
                key -> Agreement.require(work, precision, "cuda", new LibraryKernels(Libraries.open(), precision)));
        Shape shape = work.shape(batch);
        running = contender.equals(LIBRARY)
                ? new LibraryContender(work, shape, precision)
                : new EarshotContender(
                        "cuda", work.layer(), shape, Work.noise(shape.elements()), precision, Contender.REPEATS);
    }

    /** What the comparison of a work found, if there was one. */
    static double difference(Work work, Precision precision) {
        return CHECKED.getOrDefault(work + " " + precision, Double.NaN);
    }

    /** Frees it. */
    @TearDown(Level.Trial)
    public void close() {
        if (running != null) {
            running.close();
        }
    }

    /** All repetitions. */
    @Benchmark
    public void run() {
        running.run();
    }
}
