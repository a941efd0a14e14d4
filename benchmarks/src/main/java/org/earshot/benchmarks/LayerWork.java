package org.earshot.benchmarks;

import java.util.List;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.Layer;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Shape;
import org.earshot.network.Network;

/** A layer of ASCMamba that is timed alone, with PyTorch's values before and behind it. */
public enum LayerWork {
    /** Features to planes. */
    DENSE_ENCODER("dense_encoder", "features", "dense_encoder", false),
    /** The first block's path over time. */
    TIME_PATH("blocks.0.time", "dense_encoder", "time_path", true),
    /** The first block's path over frequency. */
    FREQUENCY_PATH("blocks.0.freq", "time_path", "frequency_path", true);

    /** Name of the layer's node in the network. */
    final String node;
    /** Name of its input in {@code layers.safetensors}. */
    final String input;
    /** Name of its output there. */
    final String output;
    /** Whether the condition is its second input. */
    final boolean conditioned;

    LayerWork(String node, String input, String output, boolean conditioned) {
        this.node = node;
        this.input = input;
        this.output = output;
        this.conditioned = conditioned;
    }

    Layer layer() {
        return BenchmarkModel.read().model().network().nodes().stream()
                .filter(candidate -> candidate.name().equals(node))
                .findFirst()
                .map(Network.Node::layer)
                .orElseThrow(() -> new IllegalStateException("the model has no layer " + node));
    }

    /** The extents of the first input as a layer takes it: the encoder's features get a channel. */
    static Shape inputShape(Layer layer, Shape stored) {
        return layer instanceof DenseEncoder
                ? Shape.of(stored.extent(0), stored.extent(1), stored.extent(2), 1)
                : stored;
    }

    /** Operations of one run: two a multiply-add. */
    static double operations(Layer layer, Shape input) {
        return 2.0 * layer.multiplyAdds(List.of(input));
    }

    /** State updates of one run's scans; 0 for a layer without one. */
    static double stateUpdates(Layer layer, Shape input) {
        if (!(layer instanceof MambaPath path)) {
            return 0;
        }
        double positions = (double) input.elements() / path.channels();
        double updates = 0;
        for (List<MambaLayer> direction : List.of(path.forward(), path.backward())) {
            for (MambaLayer mamba : direction) {
                updates += positions * mamba.aLog().shape().elements();
            }
        }
        return updates;
    }
}
