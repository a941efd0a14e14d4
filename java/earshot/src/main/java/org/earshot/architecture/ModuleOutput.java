package org.earshot.architecture;

import java.util.List;
import org.earshot.network.Network;

/**
 * Where the output of a PyTorch module is found among what the engine computes. The engine's layers are coarse: some
 * modules' outputs are values of the network, some show when a layer is given other weights behind them (a projection
 * that picks one direction of a Mamba path), and some are followed by something within the same layer, by which the
 * reference is then followed too.
 *
 * @param module its name in PyTorch, such as {@code blocks.1.time_mamba}
 * @param nodes what computes it: a node of the network, or nodes made for looking inside one, which stand beside it and
 *     read the same inputs; the values of several lie side by side over channels
 * @param residual whether the module's output is what a node makes less its first input
 * @param first the first channel that is the module's
 * @param channels how many are, or 0 for all
 * @param layouts how PyTorch lays the output out, the reference's own way first: its dimensions in order, of B, T, F,
 *     C; those in parentheses are one dimension, such as {@code (BF)TC}
 * @param follow what the engine's layer does behind the module
 */
public record ModuleOutput(
        String module,
        List<Network.Node> nodes,
        boolean residual,
        int first,
        int channels,
        List<String> layouts,
        Follow follow) {
    /** What is done to the reference's output before it is compared. */
    public enum Follow {
        /** Nothing. */
        NOTHING,
        /** max(x, 0). */
        RELU,
        /** max(x, 0), then the means of 2x2 values, an odd last frame or band being dropped. */
        RELU_AND_POOL,
        /** The frames in reverse: a backward direction's module sees them so. */
        REVERSED_FRAMES,
        /** The bands in reverse. */
        REVERSED_BANDS,
        /**
         * Every second band, from the second on, without mean and to variance 1 over a clip's plane of a channel
         * (epsilon 1e-5): what shows of a layer within the dense encoder.
         */
        NORMALIZED_BANDS
    }

    /** Copies the lists. */
    public ModuleOutput {
        nodes = List.copyOf(nodes);
        layouts = List.copyOf(layouts);
    }

    /**
     * A module whose output is all that a node makes.
     *
     * @param module its name
     * @param node the node
     * @param follow what is done to the reference's output
     * @param layouts of the reference's output
     * @return where it is found
     */
    public static ModuleOutput of(String module, Network.Node node, Follow follow, String... layouts) {
        return new ModuleOutput(module, List.of(node), false, 0, 0, List.of(layouts), follow);
    }

    /**
     * A module whose output is all that a node makes, as it is.
     *
     * @param module its name
     * @param node the node
     * @param layouts of the reference's output
     * @return where it is found
     */
    public static ModuleOutput of(String module, Network.Node node, String... layouts) {
        return of(module, node, Follow.NOTHING, layouts);
    }

    /** A module whose output a node adds to its first input. */
    static ModuleOutput residual(String module, List<Network.Node> nodes, Follow follow, String... layouts) {
        return new ModuleOutput(module, nodes, true, 0, 0, List.of(layouts), follow);
    }

    /**
     * Whether the module's output, followed by {@link #follow}, is all that a node of the network makes.
     *
     * @param name of the node
     * @return false of a part of it, and of what was made for looking inside
     */
    public boolean isAllOf(String name) {
        return nodes.size() == 1
                && nodes.get(0).name().equals(name)
                && channels == 0
                && follow != Follow.NORMALIZED_BANDS;
    }
}
