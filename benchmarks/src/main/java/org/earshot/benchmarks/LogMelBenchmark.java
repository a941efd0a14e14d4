package org.earshot.benchmarks;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.earshot.features.LogMel;
import org.earshot.parity.Parity;
import org.earshot.weights.WeightTensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Log-mel features of 10 s of samples, in one thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class LogMelBenchmark {
    private float[] pcm;
    private float[] features;
    private LogMel logMel;
    private LogMel.Scratch scratch;

    /** Prepares the front end and checks its features against librosa's. */
    @Setup(Level.Trial)
    public void open() {
        Map<String, WeightTensor> golden = BenchmarkModel.tensors("golden-pcm.safetensors");
        float[] expected = golden.get("output.features").floats();
        pcm = golden.get("input.pcm").floats();
        features = new float[expected.length];
        logMel = new LogMel(BenchmarkModel.read().config().features());
        scratch = logMel.scratch();
        Agreement.requireWithin("log-mel", logMel(), expected, Parity.FEATURE_LIMIT_DECIBEL);
    }

    /**
     * One clip.
     *
     * @return its features
     */
    @Benchmark
    public float[] logMel() {
        logMel.compute(pcm, 0, pcm.length, features, 0, scratch);
        return features;
    }
}
