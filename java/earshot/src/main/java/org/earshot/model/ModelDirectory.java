package org.earshot.model;

import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.ModelException;
import org.earshot.weights.KeyMap;
import org.earshot.weights.WeightFiles;
import org.earshot.weights.Weights;

/**
 * A model as it lies on disk: {@code config.json} and {@code model.safetensors} in one directory.
 *
 * @param config the configuration
 * @param weights the tensors
 * @param model the network composed of both
 */
public record ModelDirectory(ModelConfig config, Weights weights, SceneModel model) {
    /** Name of the configuration in a model directory. */
    public static final String CONFIG = "config.json";

    /** Name of the weight file in a model directory. */
    public static final String WEIGHTS = "model.safetensors";

    /**
     * Reads a model directory.
     *
     * @param directory where {@code config.json} is
     * @param weightFile the weights, or null for the directory's {@code model.safetensors}
     * @param keyMap applied to the tensors' names
     * @return configuration, weights and network, checked against each other
     * @throws org.earshot.EarshotException if one of them is unreadable, or they contradict each other
     */
    public static ModelDirectory read(Path directory, Path weightFile, KeyMap keyMap) {
        if (!Files.isDirectory(directory)) {
            throw new ModelException(
                    directory, Files.exists(directory) ? "a file" : "nothing there", "a model directory");
        }
        ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
        Weights weights = keyMap.apply(WeightFiles.read(weightFile == null ? directory.resolve(WEIGHTS) : weightFile));
        return new ModelDirectory(config, weights, compose(config, weights));
    }

    /**
     * Composes the network that configuration and weights describe together.
     *
     * @param config the configuration
     * @param weights the tensors, under the names that the network has for them
     * @return the network
     * @throws org.earshot.EarshotException if they contradict each other
     */
    public static SceneModel compose(ModelConfig config, Weights weights) {
        Architecture.recognise(weights.tensors().keySet())
                .filter(shown -> shown != config.architecture())
                .ifPresent(shown -> {
                    throw new ModelException(
                            config.source() + ": architecture",
                            config.architecture().label(),
                            shown.label() + ", which the tensors of " + weights.source() + " are");
                });
        return switch (config.architecture()) {
            case ASCMAMBA -> AscMamba.of(config, weights);
            case SE_TRANS -> SeTrans.of(config, weights);
            case MOBILE_ASC_NET -> MobileAscNet.of(config, weights);
        };
    }
}
