package org.earshot.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.earshot.architecture.ModuleOutput;
import org.earshot.layer.Shape;
import org.earshot.network.Network;

/**
 * One tensor of a golden file and where its counterpart is.
 *
 * @param name in the golden file
 * @param node the network's node that it belongs to
 * @param output what is compared with it
 */
record Item(String name, String node, ModuleOutput output) {
    /** The values that it is made of. */
    List<String> wanted() {
        List<String> wanted = new ArrayList<>();
        for (Network.Node one : output.nodes()) {
            wanted.add(one.name());
            if (output.residual()) {
                wanted.add(one.inputs().get(0));
            }
        }
        return wanted;
    }

    /** What was computed for it. */
    Grid computed(Map<String, Grid> values) {
        Grid all = null;
        for (Network.Node one : output.nodes()) {
            Grid value = values.get(one.name());
            if (output.residual()) {
                value = value.minus(values.get(one.inputs().get(0)));
            }
            all = all == null ? value : all.beside(value);
        }
        return output.channels() == 0 ? all : all.channels(output.first(), output.channels());
    }

    /** B, T, F and C of what will be computed. */
    int[] extents(Map<String, Shape> shapes) {
        Shape shape = shapes.get(output.nodes().get(0).name());
        boolean vector = shape.rank() == 2;
        int channels =
                output.channels() == 0 ? shape.extent(-1) * output.nodes().size() : output.channels();
        return new int[] {shape.extent(0), vector ? 1 : shape.extent(1), vector ? 1 : shape.extent(2), channels};
    }
}
