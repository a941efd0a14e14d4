package org.earshot.benchmarks;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.earshot.backend.choice.Backends;
import org.earshot.features.LogMelFrames;
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
import org.openjdk.jmh.annotations.TearDown;

/** Log-mel features of 10 s of samples, in one thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class LogMelBenchmark {
    private float[] pcm;
    private float[] features;
    private LogMelFrames frames;

    /** Prepares the front end and checks its features against librosa's. */
    @Setup(Level.Trial)
    public void open() {
        Map<String, WeightTensor> golden = BenchmarkModel.tensors("golden-pcm.safetensors");
        float[] expected = golden.get("output.features").floats();
        pcm = golden.get("input.pcm").floats();
        features = new float[expected.length];
        frames = Backends.startOnProcessors(1)
                .frames(BenchmarkModel.read().config().features())
                .orElseThrow();
        Agreement.requireWithin("log-mel", logMel(), expected, Parity.FEATURE_LIMIT_DECIBEL);
    }

    /**
     * One clip.
     *
     * @return its features
     */
    @Benchmark
    public float[] logMel() {
        frames.computeClip(pcm, pcm.length, features);
        return features;
    }

    /** Frees the front end's memory. */
    @TearDown(Level.Trial)
    public void close() {
        frames.close();
    }
}
