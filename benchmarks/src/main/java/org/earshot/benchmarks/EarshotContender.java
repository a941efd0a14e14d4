package org.earshot.benchmarks;

import java.util.List;
import java.util.Map;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cpu.CpuBackend;
import org.earshot.backend.cpu.InstructionSet;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;

/** Earshot, from features. */
final class EarshotContender implements Contender {
    private final PreparedNetwork network;
    private final NetworkSession session;
    private final Clips clips;
    private final float[] location;
    private final float[] logits;

    EarshotContender(String backend, int threads, Clips clips) {
        this.clips = clips;
        location = new float[clips.batch()];
        for (int i = 0; i < location.length; i++) {
            location[i] = clips.location()[i];
        }
        logits = new float[clips.logits().length];
        network = new PreparedNetwork(BenchmarkModel.read().model().network(), start(backend, threads));
        session = network.open();
        session.plan(
                Map.of(
                        Network.FEATURES,
                        Shape.of(clips.batch(), clips.frames(), clips.bands(), 1),
                        Network.LOCATION,
                        Shape.of(clips.batch(), 1),
                        Network.TIME_FEATURES,
                        Shape.of(clips.batch(), clips.timeFeatures().length / clips.batch())),
                List.of(Network.LOGITS));
    }

    /** Starts a backend of Earshot, or {@link #CPU_AVX2}. */
    static Backend start(String backend, int threads) {
        return backend.equals(CPU_AVX2)
                ? new CpuBackend(InstructionSet.AVX2, threads)
                : Backends.start(backend, threads);
    }

    @Override
    public float[] run() {
        session.feed(Network.FEATURES, clips.features());
        session.feed(Network.LOCATION, location);
        session.feed(Network.TIME_FEATURES, clips.timeFeatures());
        session.run();
        session.fetch(Network.LOGITS, logits);
        return logits;
    }

    @Override
    public void close() {
        session.close();
        network.close();
    }
}
