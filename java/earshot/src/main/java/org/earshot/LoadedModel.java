package org.earshot;

import org.earshot.architecture.SceneModel;
import org.earshot.backend.Backend;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.network.PreparedNetwork;

/**
 * A model whose network a backend has prepared: what all sessions share. Thread-safe.
 *
 * @param config the configuration
 * @param model the system
 * @param context how its network is fed the recording's context
 * @param network its network, prepared
 * @param digest {@link ModelDirectory#digest}
 */
record LoadedModel(
        ModelConfig config, SceneModel model, ContextEncoding context, PreparedNetwork network, String digest)
        implements AutoCloseable {
    /**
     * Prepares a model.
     *
     * @param digest of the directory
     */
    static LoadedModel of(ModelDirectory directory, String digest, Backend backend, ClassifierListener listener) {
        ModelConfig config = directory.config();
        SceneModel model = directory.model();
        return new LoadedModel(
                config,
                model,
                new ContextEncoding(config, model, listener),
                new PreparedNetwork(model.network(), backend, config.features()),
                digest);
    }

    WindowResults results() {
        return new WindowResults(config.labels(), model);
    }

    @Override
    public void close() {
        network.close();
    }
}
