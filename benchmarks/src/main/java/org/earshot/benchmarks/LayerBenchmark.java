package org.earshot.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;
import org.earshot.weights.WeightTensor;
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

/** One layer of ASCMamba alone, its input already where it computes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class LayerBenchmark {
    private static final String OUTPUT = "output";

    /** The backend. */
    @Param("auto")
    public String contender;

    /** Threads that compute. */
    @Param("2")
    public int threads;

    /** Which layer. */
    @Param({"DENSE_ENCODER", "TIME_PATH", "FREQUENCY_PATH"})
    public LayerWork layer;

    private PreparedNetwork network;
    private NetworkSession session;

    /** Builds a network of the one layer and checks what it makes. */
    @Setup(Level.Trial)
    public void open() {
        Map<String, WeightTensor> values = BenchmarkModel.tensors("layers.safetensors");
        Layer alone = layer.layer();
        Map<String, Shape> shapes = new LinkedHashMap<>();
        shapes.put(
                layer.input, LayerWork.inputShape(alone, values.get(layer.input).shape()));
        if (layer.conditioned) {
            shapes.put(Network.CONDITION, values.get(Network.CONDITION).shape());
        }
        Network.Builder builder = new Network.Builder();
        builder.add(OUTPUT, alone, shapes.keySet().toArray(String[]::new));
        network = new PreparedNetwork(builder.build(), EarshotContender.start(contender, threads));
        session = network.open();
        session.plan(shapes, List.of(OUTPUT));
        shapes.keySet().forEach(name -> session.feed(name, values.get(name).floats()));
        session.run();
        float[] expected = values.get(layer.output).floats();
        float[] output = new float[expected.length];
        session.fetch(OUTPUT, output);
        Agreement.require(contender + ", " + layer.node, output, expected);
    }

    /** Closes session and network. */
    @TearDown(Level.Trial)
    public void close() {
        session.close();
        network.close();
    }

    /** One run. */
    @Benchmark
    public void run() {
        session.run();
    }
}
