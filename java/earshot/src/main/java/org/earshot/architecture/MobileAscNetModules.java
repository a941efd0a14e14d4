package org.earshot.architecture;

import java.util.ArrayList;
import java.util.List;
import org.earshot.layer.Gru;
import org.earshot.layer.ResidualSeparable;
import org.earshot.network.Network;

/** The modules of MobileASCNet (tools/reference/spec/models.md, "MobileASCNet") among the engine's values. */
final class MobileAscNetModules {
    private MobileAscNetModules() {}

    /** The table of a network. */
    static List<NodeModules> of(Network network) {
        List<NodeModules> table = new ArrayList<>();
        for (Network.Node node : network.nodes()) {
            String name = node.name();
            if (node.layer() instanceof ResidualSeparable) {
                // The block's own module pools as well.
                table.add(new NodeModules(name, List.of(name), List.of(ModuleOutput.of(name, node, "BCTF"))));
            } else if (node.layer() instanceof Gru) {
                table.add(new NodeModules(name, List.of(name), List.of(ModuleOutput.of(name, node, "BTC", "TBC"))));
            } else {
                LateFusionModules.of(node).ifPresent(table::add);
            }
        }
        return table;
    }
}
