package org.earshot.benchmarks;

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

/** A whole network of paper size, from features to logits, per engine. Each JMH thread is a caller of its own. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class NetworkBenchmark {
    /** The engine; see {@link Contender#open}. */
    @Param("auto")
    public String contender;

    /** Threads that compute one run. */
    @Param("2")
    public int threads;

    /** Clips of one run. */
    @Param("1")
    public int batch;

    /** T. */
    @Param("500")
    public int frames;

    private Contender engine;

    /** Opens the engine and checks its logits. */
    @Setup(Level.Trial)
    public void open() {
        engine = Contender.open(contender, threads, Clips.read(batch, frames));
    }

    /** Closes the engine. */
    @TearDown(Level.Trial)
    public void close() {
        engine.close();
    }

    /**
     * One run.
     *
     * @return the logits
     */
    @Benchmark
    public float[] classify() {
        return engine.run();
    }
}
