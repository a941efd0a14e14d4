package org.earshot.model;

import java.util.List;
import java.util.Optional;
import org.earshot.network.Network;

/** A trained system: its network, and what must be known to feed it and to read its answer. */
public interface SceneModel {
    /**
     * Which system this is.
     *
     * @return the architecture
     */
    Architecture architecture();

    /**
     * The layers with their weights.
     *
     * @return the network
     */
    Network network();

    /**
     * What the network reads of a recording's context.
     *
     * @return {@link Network#LOCATION} and {@link Network#TIME_FEATURES}, or none for an unconditioned network
     */
    List<String> contextInputs();

    /**
     * Size of the vector that may be fed as {@link Network#CONDITION} in place of the context inputs.
     *
     * @return K, or 0 if the network takes none
     */
    int conditionWidth();

    /**
     * Fewest frames the network can take.
     *
     * @return at least 1
     */
    int minimumFrames();

    /**
     * The coarse scenes, which the network makes {@link Network#COARSE_LOGITS} for.
     *
     * @return them, if this system decides in two stages
     */
    default Optional<CoarseScenes> coarse() {
        return Optional.empty();
    }
}
