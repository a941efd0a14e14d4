package org.earshot.architecture;

import java.util.List;

/**
 * The PyTorch modules that one node of a network stands for.
 *
 * @param node the node's name
 * @param prefixes names of the modules within it: whatever they hold, tensors or further modules, is in this node
 * @param outputs the modules whose outputs can be compared, in the order in which they run
 */
public record NodeModules(String node, List<String> prefixes, List<ModuleOutput> outputs) {
    /** Copies the lists. */
    public NodeModules {
        prefixes = List.copyOf(prefixes);
        outputs = List.copyOf(outputs);
    }

    /**
     * Whether a module or tensor is within this node.
     *
     * @param name PyTorch's
     * @return whether it is one of the prefixes or below one
     */
    public boolean holds(String name) {
        return prefixes.stream().anyMatch(prefix -> name.equals(prefix) || name.startsWith(prefix + "."));
    }
}
