package org.earshot.architecture;

import java.util.ArrayList;
import java.util.List;
import org.earshot.architecture.ModuleOutput.Follow;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.network.Network;

/** The modules of SE-Trans (tools/reference/spec/models.md, "SE-Trans") among the engine's values. */
final class SeTransModules {
    private static final String NORM = "bn0";
    private static final String ENCODER = "encoder";

    private SeTransModules() {}

    /** The table of a network. */
    static List<NodeModules> of(Network network) {
        List<NodeModules> table = new ArrayList<>();
        List<Network.Node> nodes = network.nodes();
        for (int i = 0; i < nodes.size(); i++) {
            Network.Node node = nodes.get(i);
            String name = node.name();
            boolean lastEncoder =
                    !nodes.get(Math.min(i + 1, nodes.size() - 1)).name().startsWith(ENCODER + ".");
            if (name.equals(NORM)) {
                // The baseline's bn0 takes the bands for channels.
                table.add(new NodeModules(name, List.of(NORM), List.of(ModuleOutput.of(NORM, node, "BFTC", "BCTF"))));
            } else if (node.layer() instanceof SqueezeExcitation layer) {
                table.add(squeezeExcitation(node, layer));
            } else if (name.startsWith(ENCODER + ".")) {
                List<ModuleOutput> outputs = new ArrayList<>();
                outputs.add(ModuleOutput.of(name, node, "BTC", "TBC"));
                if (lastEncoder) {
                    outputs.add(ModuleOutput.of(ENCODER, node, "BTC", "TBC"));
                }
                table.add(new NodeModules(name, List.of(name), outputs));
            } else {
                LateFusionModules.of(node).ifPresent(table::add);
            }
        }
        return table;
    }

    private static NodeModules squeezeExcitation(Network.Node node, SqueezeExcitation layer) {
        String name = node.name();
        String number = name.substring(name.length() - 1);
        String block = name.substring(0, name.indexOf('.'));
        List<ModuleOutput> outputs = new ArrayList<>();
        outputs.add(ModuleOutput.of(name, node, layer.pooled() ? Follow.RELU_AND_POOL : Follow.RELU, "BCTF"));
        if (layer.pooled()) {
            outputs.add(ModuleOutput.of(block, node, "BCTF"));
        }
        return new NodeModules(name, List.of(block + ".conv" + number, block + ".bn" + number, name), outputs);
    }
}
