package org.earshot.architecture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.earshot.architecture.ModuleOutput.Follow;
import org.earshot.layer.Activation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.Linear;
import org.earshot.network.Network;

/** What SE-Trans and MobileASCNet have in common behind what hears: the context, its fusion, the heads. */
final class LateFusionModules {
    private static final String CITY = "location_embedding";
    private static final String TIME = "time_mapping";
    private static final String FUSION = "fusion_layer";
    private static final String EARLY = "early_fusion";

    private LateFusionModules() {}

    /** The row of such a node. */
    static Optional<NodeModules> of(Network.Node node) {
        String name = node.name();
        if (node.layer() instanceof ContextEncoder encoder) {
            int width = encoder.locationTable().extent(1);
            int time = encoder.timeMapping().outputs();
            return Optional.of(new NodeModules(
                    name,
                    List.of(CITY, TIME),
                    List.of(
                            new ModuleOutput(CITY, List.of(node), false, 0, width, List.of("BC"), Follow.NOTHING),
                            new ModuleOutput(TIME, List.of(node), false, width, time, List.of("BC"), Follow.RELU))));
        }
        if (node.layer() instanceof GatedFusion) {
            return Optional.of(new NodeModules(name, List.of("carry_gate", "transform_gate", "transform"), List.of()));
        }
        return switch (name) {
            case Network.LOGITS -> head(node, "fc");
            case Network.COARSE_LOGITS -> head(node, CoarseScenes.HEAD);
            case EARLY + ".0" -> Optional.of(relu(node, EARLY + ".0", EARLY + ".1"));
            case Network.EMBEDDING -> embedding(node);
            default -> Optional.empty();
        };
    }

    private static Optional<NodeModules> head(Network.Node node, String module) {
        return Optional.of(new NodeModules(node.name(), List.of(module), List.of(ModuleOutput.of(module, node, "BC"))));
    }

    private static NodeModules relu(Network.Node node, String linear, String activation, String... others) {
        List<ModuleOutput> outputs = new ArrayList<>();
        outputs.add(ModuleOutput.of(linear, node, Follow.RELU, "BC"));
        outputs.add(ModuleOutput.of(activation, node, "BC"));
        for (String other : others) {
            outputs.add(ModuleOutput.of(other, node, "BC"));
        }
        return new NodeModules(node.name(), List.of(linear, activation), outputs);
    }

    /** The embedding is a pooling without modules, a fusion layer with ReLU, or the second of an early fusion. */
    private static Optional<NodeModules> embedding(Network.Node node) {
        if (!(node.layer() instanceof Linear linear) || linear.activation() != Activation.RELU) {
            return Optional.empty();
        }
        return Optional.of(
                node.inputs().get(0).equals(EARLY + ".0")
                        ? relu(node, EARLY + ".2", EARLY + ".3", EARLY)
                        : new NodeModules(
                                node.name(),
                                List.of(FUSION),
                                List.of(ModuleOutput.of(FUSION, node, Follow.RELU, "BC"))));
    }
}
