package org.earshot.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;

/** Earshot's layer, several times over the same input. */
final class EarshotContender implements Contender {
    private static final String INPUT = "input";
    /** Read after a run, which waits for it, and costs next to nothing. */
    private static final String TICK = "tick";

    private final PreparedNetwork network;
    private final NetworkSession session;
    private final float[] tick = new float[1];

    /** Plans the runs on a backend. */
    EarshotContender(String backend, Layer layer, Shape shape, float[] x, Precision precision, int repeats) {
        Network.Builder builder = new Network.Builder();
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < repeats; i++) {
            outputs.add(builder.add("output" + i, layer, INPUT));
        }
        Backend started = Backends.start(backend, 1, precision);
        network = new PreparedNetwork(builder.build(), started);
        session = network.open();
        session.plan(Map.of(INPUT, shape, TICK, Shape.of(1, 1)), outputs);
        session.feed(INPUT, x);
        session.feed(TICK, tick);
    }

    @Override
    public void run() {
        session.run();
        session.fetch(TICK, tick);
    }

    /** What the first of the layers made. */
    float[] output() {
        float[] output = new float[Math.toIntExact(session.shape("output0").elements())];
        session.fetch("output0", output);
        return output;
    }

    @Override
    public void close() {
        session.close();
        network.close();
    }
}
