package org.earshot.model;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.earshot.architecture.Architecture;
import org.earshot.architecture.NetworkConfig;
import org.earshot.architecture.SceneModel;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.weights.KeyMap;
import org.earshot.weights.WeightFiles;
import org.earshot.weights.Weights;
import org.earshot.weights.WrapperPrefixes;

/**
 * A model as it was read: {@code config.json} and {@code model.safetensors} in one directory, or what stood for them.
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

    /** Name of the file that stands for it where the weights are in several files. */
    public static final String INDEX = WEIGHTS + ".index.json";

    private static final System.Logger LOGGER = System.getLogger(ModelDirectory.class.getName());

    /**
     * Reads a model directory.
     *
     * @param directory where {@code config.json} is
     * @param weightFile the weights, or null for the directory's ({@link #weightFile})
     * @param keyMap applied to the tensors' names
     * @return configuration, weights and network, checked against each other
     * @throws org.earshot.error.EarshotException if one of them is unreadable, or they contradict each other
     */
    public static ModelDirectory read(Path directory, Path weightFile, KeyMap keyMap) {
        if (!Files.isDirectory(directory)) {
            throw new ModelException(
                    directory, Files.exists(directory) ? "a file" : "nothing there", "a model directory");
        }
        ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
        return of(config, weights(weightFile == null ? weightFile(directory) : weightFile, keyMap));
    }

    /**
     * Puts a model together.
     *
     * @param config the configuration
     * @param weights the tensors, under the names that the network has for them
     * @return both with their network, checked against each other
     * @throws org.earshot.error.EarshotException if they contradict each other
     */
    public static ModelDirectory of(ModelConfig config, Weights weights) {
        weights.notes().forEach(note -> LOGGER.log(System.Logger.Level.INFO, weights.source() + ": " + note));
        return new ModelDirectory(config, weights, compose(config, weights));
    }

    /**
     * By what the model is known again: the same for a checkpoint and what {@code earshot convert} makes of it, for one
     * file and several, on disk and in memory; another as soon as a value, a name or a setting differs.
     *
     * @return SHA-256 of configuration and weights, 64 hexadecimal digits
     */
    public String digest() {
        return digest(config, weights);
    }

    /**
     * The {@link #digest()} of a configuration and weights, whether or not they make a network.
     *
     * @param config the configuration
     * @param weights the tensors, under the names that the network has for them
     * @return 64 hexadecimal digits
     */
    public static String digest(ModelConfig config, Weights weights) {
        return ModelDigest.of(config, weights);
    }

    /**
     * Where a model directory has its weights.
     *
     * @param directory the model directory
     * @return its {@code model.safetensors}, or the index of several files if only that is there
     */
    public static Path weightFile(Path directory) {
        Path single = directory.resolve(WEIGHTS);
        Path index = directory.resolve(INDEX);
        return Files.exists(index) && !Files.exists(single) ? index : single;
    }

    /**
     * Reads weights under the names that the networks have for them: a key map is applied, and what wraps the network
     * ({@code module.}, {@code _orig_mod.} and so on, or one prefix common to all names) is taken off. Where a
     * checkpoint holds several dictionaries, the one whose names are a network's is taken.
     *
     * @param file the weights, of any format that {@link WeightFiles} reads
     * @param keyMap applied to the names as they are without wrappers, or, where that makes no network of them, as they
     *     are in the file
     * @return the tensors, whose notes say what was done
     * @throws org.earshot.error.WeightsException if they cannot be read
     */
    public static Weights weights(Path file, KeyMap keyMap) {
        return named(WeightFiles.read(file, weights -> fits(weights, keyMap)), keyMap);
    }

    /**
     * Reads weights that are in memory, as {@link #weights(Path, KeyMap)} does.
     *
     * @param file the content of a weight file; not copied, and read when values are asked for
     * @param name what messages call it
     * @param keyMap as there
     * @return the tensors
     * @throws org.earshot.error.WeightsException if they cannot be read
     */
    public static Weights weights(ByteBuffer file, String name, KeyMap keyMap) {
        return named(WeightFiles.read(file, name, weights -> fits(weights, keyMap)), keyMap);
    }

    private static boolean fits(Weights weights, KeyMap keyMap) {
        try {
            return recognised(named(weights, keyMap));
        } catch (WeightsException e) {
            return false; // Of names that the key map is not made for.
        }
    }

    private static Weights named(Weights weights, KeyMap keyMap) {
        Weights named = unprefixed(keyMap.apply(unprefixed(weights)));
        if (keyMap.isIdentity() || (recognised(named) && named.leftOut().equals(weights.leftOut()))) {
            return named;
        }
        // Perhaps the map was made for the names with what wraps them.
        try {
            Weights raw = unprefixed(keyMap.apply(weights));
            boolean better = recognised(raw)
                    && (!recognised(named)
                            || raw.tensors().size() < named.tensors().size());
            return better ? raw : named;
        } catch (WeightsException e) {
            return named; // It was not made for these.
        }
    }

    private static Weights unprefixed(Weights weights) {
        Weights plain = WrapperPrefixes.strip(weights);
        if (recognised(plain)) {
            return plain;
        }
        for (String prefix : CommonPrefix.of(plain.tensors().keySet())) {
            Weights shorter = WrapperPrefixes.strip(plain, prefix);
            if (recognised(shorter)) {
                return shorter;
            }
        }
        return plain;
    }

    private static boolean recognised(Weights weights) {
        return Architecture.recognise(weights.tensors().keySet()).isPresent();
    }

    /**
     * Composes the network that configuration and weights describe together.
     *
     * @param config the configuration
     * @param weights the tensors, under the names that the network has for them
     * @return the network
     * @throws org.earshot.error.EarshotException if they contradict each other
     */
    public static SceneModel compose(ModelConfig config, Weights weights) {
        NetworkConfig network = new NetworkConfig(
                config.source(),
                config.labels(),
                config.features().melBands(),
                config.context() == null
                        ? OptionalInt.empty()
                        : OptionalInt.of(config.context().locations().size()),
                config.options());
        SceneModel model = config.architecture().compose(network, weights);
        if (config.features().frames() < model.minimumFrames()) {
            // Else each recording would be refused as too short, however long it is.
            throw new ModelException(
                    config.source() + ": features.frames",
                    Integer.toString(config.features().frames()),
                    "at least " + model.minimumFrames() + ", which the network needs of a recording");
        }
        return model;
    }
}
