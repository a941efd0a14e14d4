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
 */
record LoadedModel(ModelConfig config, SceneModel model, ContextEncoding context, PreparedNetwork network)
        implements AutoCloseable {
    static LoadedModel of(ModelDirectory directory, Backend backend, ClassifierListener listener) {
        ModelConfig config = directory.config();
        SceneModel model = directory.model();
        return new LoadedModel(
                config,
                model,
                new ContextEncoding(config, model, listener),
                new PreparedNetwork(model.network(), backend, config.features()));
    }

    WindowResults results() {
        return new WindowResults(config.labels(), model);
    }

    @Override
    public void close() {
        network.close();
    }
}
