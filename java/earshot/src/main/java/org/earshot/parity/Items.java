package org.earshot.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.earshot.architecture.ModuleOutput;
import org.earshot.architecture.NodeModules;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;

/** What of a golden file has a counterpart in a network, in the order in which it runs. */
final class Items {
    private final ModelDirectory directory;
    private final Golden golden;
    private final List<String> notes;
    private final List<Network.Node> nodes;

    /** @param notes takes a line for modules without a counterpart */
    Items(ModelDirectory directory, Golden golden, List<String> notes) {
        this.directory = directory;
        this.golden = golden;
        this.notes = notes;
        nodes = directory.model().network().nodes();
    }

    /** All but features, samples and probabilities, which no node makes. */
    List<Item> all() {
        Set<String> names = new TreeSet<>(golden.expected());
        names.remove(Golden.PROBABILITIES_OUTPUT);
        for (String name : List.of(Golden.FEATURES_OUTPUT, Golden.PCM_OUTPUT)) {
            if (names.remove(name) && !golden.beginsFromPcm()) {
                notes.add(name + ": not compared, since the network is fed " + Golden.INPUT + Network.FEATURES
                        + " (without it, the features are made of " + Golden.INPUT + Network.PCM + ")");
            }
        }
        Map<Integer, List<Item>> byNode = new TreeMap<>();
        for (NodeModules row : directory.model().modules()) {
            for (ModuleOutput output : row.outputs()) {
                String name = Golden.MODULE + output.module();
                if (names.remove(name)) {
                    add(byNode, new Item(name, row.node(), output));
                }
            }
        }
        Map<String, List<String>> missing = new TreeMap<>();
        for (String name : names) {
            if (name.startsWith(Golden.OUTPUT)) {
                add(byNode, output(name));
            } else {
                String module = name.substring(Golden.MODULE.length());
                missing.computeIfAbsent(reason(module), key -> new ArrayList<>())
                        .add(Quoted.plain(module));
            }
        }
        missing.forEach(
                (reason, modules) -> notes.add("no counterpart, " + reason + ": " + String.join(", ", modules)));
        return byNode.values().stream().flatMap(List::stream).toList();
    }

    private void add(Map<Integer, List<Item>> byNode, Item item) {
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get(i).name().equals(item.node())) {
                byNode.computeIfAbsent(i, key -> new ArrayList<>()).add(item);
            }
        }
    }

    private Item output(String name) {
        String value = name.substring(Golden.OUTPUT.length());
        Network.Node node = nodes.stream()
                .filter(one -> one.name().equals(value))
                .findFirst()
                .orElseThrow(() -> new WeightsException(
                        golden.subject(name),
                        "an output that this network does not make",
                        "one of its values: "
                                + String.join(
                                        ", ",
                                        nodes.stream().map(Network.Node::name).toList())));
        return new Item(name, value, ModuleOutput.of(name, node, "BC", "BTFC"));
    }

    private String reason(String module) {
        Optional<NodeModules> inside = directory.model().modules().stream()
                .filter(row -> row.holds(module))
                .findFirst();
        if (inside.isPresent()) {
            return "fused inside " + inside.get().node();
        }
        boolean holdsTensors =
                directory.weights().tensors().keySet().stream().anyMatch(tensor -> tensor.startsWith(module + "."));
        return holdsTensors
                ? "its parts are in several of the network's layers"
                : "no module of this network has that name (a key map for tools/reference/capture.py may give it its)";
    }
}
