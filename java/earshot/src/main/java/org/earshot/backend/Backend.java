package org.earshot.backend;

import java.util.Optional;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Layer;

/**
 * Computes layers on one kind of hardware, whole layers, coarse enough that everything inside one of them may be fused.
 * Thread-safe.
 *
 * <p>{@code toString()} names the choice in full, for example {@code portable[2 threads]}.
 */
public interface Backend {
    /**
     * The name users select it by.
     *
     * @return for example {@code "portable"}
     */
    String name();

    /**
     * Prepares a layer: packs, transposes or folds its weights, once.
     *
     * @param layer what to prepare, of any kind
     * @return the prepared operation, which the caller closes
     */
    Operation prepare(Layer layer);

    /**
     * Prepares a front end, where the backend has one: worth while where PCM would otherwise be turned into features on
     * one processor and carried to another.
     *
     * @param parameters of the features
     * @return an operation with the signature of {@link org.earshot.layer.LogMelSpectrogram}, which the caller closes;
     *     empty if features are to be computed in Java ({@link org.earshot.features.LogMel}) and handed in
     */
    default Optional<Operation> frontEnd(FeatureParameters parameters) {
        return Optional.empty();
    }

    /**
     * Opens what one session runs on.
     *
     * @return an execution, which the caller closes
     */
    Execution open();
}
