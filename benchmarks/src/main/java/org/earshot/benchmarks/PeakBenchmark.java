package org.earshot.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.concurrent.TimeUnit;
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

/**
 * A large float32 convolution in PyTorch's own library (oneDNN, channels last): the rate of multiply-adds that this
 * machine reaches in practice, which other rates are given as a share of.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class PeakBenchmark {
    /** Multiply-adds of one run: 500 x 64 positions, 3 x 3 taps, 256 channels to 64, as in {@code peak.pt}. */
    static final double MULTIPLY_ADDS = 500.0 * 64 * 9 * 256 * 64;

    /** Threads that compute. */
    @Param("2")
    public int threads;

    private TorchScript script;
    private NDList inputs;

    /** Loads the script and checks a value: a sum of 3 x 3 x 256 products of 1 and 1. */
    @Setup(Level.Trial)
    public void open() {
        script = new TorchScript("peak.pt", threads);
        NDArray zero = script.model().getNDManager().create(0f);
        inputs = new NDList(zero);
        Agreement.requireWithin("peak", new float[] {convolve()}, new float[] {9 * 256}, 0);
    }

    /** Frees the script. */
    @TearDown(Level.Trial)
    public void close() {
        inputs.close();
        script.close();
    }

    /**
     * One convolution.
     *
     * @return a value of its result
     */
    @Benchmark
    public float convolve() {
        try (NDList outputs = script.run(inputs)) {
            return outputs.get(0).toFloatArray()[0];
        }
    }
}
