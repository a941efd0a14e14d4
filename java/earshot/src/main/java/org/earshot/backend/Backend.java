package org.earshot.backend;

import java.util.Optional;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;
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
     * Prepares the front end, which turns PCM into features where the network's layers find them.
     *
     * @param parameters of the features
     * @return an operation with the signature of {@link org.earshot.layer.LogMelSpectrogram}, which the caller closes
     */
    Operation frontEnd(FeatureParameters parameters);

    /**
     * Prepares what computes single frames as {@link #frontEnd} does, to the last bit, so that windows of a stream can
     * share them.
     *
     * @param parameters of the features
     * @return what the caller closes; empty where frames do not leave the device that they are computed on
     */
    default Optional<LogMelFrames> frames(FeatureParameters parameters) {
        return Optional.empty();
    }

    /**
     * Whether weights and executions are in a device's memory, else in the host's.
     *
     * @return false, unless a backend says otherwise
     */
    default boolean usesDeviceMemory() {
        return false;
    }

    /**
     * Memory of the host that every execution takes beside what is allocated in it.
     *
     * @return bytes, 0 unless a backend says otherwise
     */
    default long stagingBytes() {
        return 0;
    }

    /**
     * Opens what one session runs on.
     *
     * @return an execution, which the caller closes
     */
    Execution open();
}
