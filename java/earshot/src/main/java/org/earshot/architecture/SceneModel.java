package org.earshot.architecture;

import java.util.List;
import java.util.Optional;
import org.earshot.network.Network;

/**
 * A trained system: its network, and what must be known to feed it and to read its answer.
 *
 * @param architecture which system this is
 * @param network the layers with their weights
 * @param contextInputs what the network reads of a recording's context: {@link Network#LOCATION} and
 *     {@link Network#TIME_FEATURES}, or none for an unconditioned network
 * @param conditionWidth size K of the vector that may be fed as {@link Network#CONDITION} in place of the context
 *     inputs, or 0 if the network takes none
 * @param minimumFrames fewest frames the network can take, at least 1
 * @param coarse the coarse scenes, which the network makes {@link Network#COARSE_LOGITS} for, if this system decides in
 *     two stages
 */
public record SceneModel(
        Architecture architecture,
        Network network,
        List<String> contextInputs,
        int conditionWidth,
        int minimumFrames,
        Optional<CoarseScenes> coarse) {
    /** Copies the list. */
    public SceneModel {
        contextInputs = List.copyOf(contextInputs);
    }

    /**
     * Where the outputs of PyTorch's modules are among the network's values.
     *
     * @return one row for each node that stands for modules, in the order in which they run
     */
    public List<NodeModules> modules() {
        return architecture.modules(network);
    }

    /**
     * Turns what the network says of one clip into probabilities.
     *
     * @param logits of the scenes, {@code [classes]}
     * @param coarseLogits of the coarse scenes; not read if there are none
     * @return the probabilities of the scenes, and of each stage if there are two
     */
    public Scores scores(float[] logits, float[] coarseLogits) {
        float[] fine = Softmax.of(logits);
        if (coarse.isEmpty()) {
            return new Scores(fine, fine, new float[0]);
        }
        float[] stage = Softmax.of(coarseLogits);
        return new Scores(coarse.get().fuse(fine, stage), fine, stage);
    }
}
