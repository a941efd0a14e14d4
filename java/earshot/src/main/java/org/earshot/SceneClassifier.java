package org.earshot;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.earshot.backend.Backend;
import org.earshot.error.ClosedException;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.network.LayerProfile;
import org.earshot.weights.KeyMap;

/**
 * Tells in what kind of place a recording was made. Load once, use from any number of threads, close at the end:
 *
 * <pre>{@code
 * try (SceneClassifier classifier = SceneClassifier.load(Path.of("model"))) {
 *     ScenePrediction scene = classifier.classify(
 *             AudioClip.read(Path.of("street.wav")),
 *             RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44)));
 *     System.out.println(scene.label() + " " + scene.probability());
 * }
 * }</pre>
 */
public final class SceneClassifier extends Classifier<ScenePrediction, float[]> {
    /** Loads the model, then starts the backend. */
    SceneClassifier(Builder builder, Supplier<List<Backend>> start) {
        super(List.of(builder.read()), builder, start);
    }

    /**
     * Loads a model directory ({@code config.json} and {@code model.safetensors}) on the best backend that starts.
     *
     * @param directory the model directory
     * @return the classifier
     * @throws EarshotException if the directory cannot be read or contradicts itself
     */
    public static SceneClassifier load(Path directory) {
        return builder(directory).load();
    }

    /**
     * Starts to load a model directory with other than the default choices.
     *
     * @param directory the model directory, of any file system (a folder in a jar or zip file, or in memory)
     * @return a builder
     */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    /**
     * Starts to load a model from memory: out of a database, a jar or the network.
     *
     * @param config the configuration, as {@link ModelConfig#parse} reads it
     * @param weights the content of a safetensors file or of a PyTorch checkpoint, from the buffer's position to its
     *     limit; not copied, so not to be changed before {@code load} is done
     * @return a builder
     */
    public static Builder builder(ModelConfig config, ByteBuffer weights) {
        return new Builder(config, weights);
    }

    @Override
    ScenePrediction prediction(List<WindowResults> results) {
        return results.get(0).prediction();
    }

    @Override
    ScenePrediction scenes(ScenePrediction prediction) {
        return prediction;
    }

    @Override
    float[] embedding(List<WindowResults> results) {
        return results.get(0).embedding();
    }

    /**
     * The model's configuration.
     *
     * @return as read from {@code config.json}
     */
    public ModelConfig config() {
        return models().get(0).config();
    }

    /**
     * What each layer of the network makes and costs, as {@code earshot summary} prints it: from the features of one
     * full window on, timed layer by layer. It takes a session for some runs of the network.
     *
     * @return the layers in the order they run
     * @throws ClosedException if the classifier is closed
     */
    public List<LayerProfile> profile() {
        return profile(models().get(0));
    }

    /** The choices in loading a classifier. */
    public static final class Builder extends LoadOptions<Builder> {
        /** What stands in messages for the name of weights in memory. */
        private static final String IN_MEMORY = "weights in memory";

        /** Null if the model is in memory. */
        private final Path directory;
        /** Null if the model is in a directory. */
        private final ModelConfig config;

        private final ByteBuffer content;
        private Path weights;
        private KeyMap keyMap = KeyMap.identity();

        private Builder(Path directory) {
            this.directory = Objects.requireNonNull(directory);
            config = null;
            content = null;
        }

        private Builder(ModelConfig config, ByteBuffer weights) {
            directory = null;
            this.config = Objects.requireNonNull(config);
            content = weights.slice();
        }

        private ModelDirectory read() {
            if (config == null) {
                return ModelDirectory.read(directory, weights, keyMap);
            }
            return ModelDirectory.of(
                    config,
                    weights == null
                            ? ModelDirectory.weights(content, IN_MEMORY, keyMap)
                            : ModelDirectory.weights(weights, keyMap));
        }

        /**
         * Takes the weights from another file than the directory's {@code model.safetensors}, or than memory.
         *
         * @param file a safetensors file or a PyTorch checkpoint
         * @return this
         */
        public Builder weights(Path file) {
            weights = file;
            return this;
        }

        /**
         * Adapts foreign tensor names.
         *
         * @param map applied to every name
         * @return this
         */
        public Builder keyMap(KeyMap map) {
            keyMap = Objects.requireNonNull(map);
            return this;
        }

        @Override
        Builder self() {
            return this;
        }

        @Override
        String digest(List<String> models) {
            return models.get(0);
        }

        /**
         * Loads the model and starts the backend.
         *
         * @return the classifier
         * @throws EarshotException if the model cannot be read or the backend does not start
         * @throws IllegalArgumentException if the window hop, or a batch, does not fit the model, or there are more
         *     threads than any machine has processors
         */
        public SceneClassifier load() {
            return loadAndTell(this, () -> new SceneClassifier(this, this::startBackends));
        }
    }
}
