package org.earshot;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.earshot.backend.Backend;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
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
        super(List.of(ModelDirectory.read(builder.directory, builder.weights, builder.keyMap)), builder, start);
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
     * @param directory the model directory
     * @return a builder
     */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    @Override
    ScenePrediction prediction(List<WindowResults> results) {
        return results.get(0).prediction();
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

    /** The choices in loading a classifier. */
    public static final class Builder extends LoadOptions<Builder> {
        private final Path directory;
        private Path weights;
        private KeyMap keyMap = KeyMap.identity();

        private Builder(Path directory) {
            this.directory = Objects.requireNonNull(directory);
        }

        /**
         * Takes the weights from another file than the directory's {@code model.safetensors}.
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

        /**
         * Loads the model and starts the backend.
         *
         * @return the classifier
         * @throws EarshotException if the model cannot be read or the backend does not start
         * @throws IllegalArgumentException if the window hop does not fit the model
         */
        public SceneClassifier load() {
            return CallThreads.once(() -> new SceneClassifier(this, this::startBackends));
        }
    }
}
