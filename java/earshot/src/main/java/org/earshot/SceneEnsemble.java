package org.earshot;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.earshot.backend.Backend;
import org.earshot.error.ClosedException;
import org.earshot.error.EarshotException;
import org.earshot.files.FileDigest;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.network.LayerProfile;
import org.earshot.weights.KeyMap;

/**
 * Several models that classify the same recording together, and tell where they disagree. Load once, use from any
 * number of threads, close at the end:
 *
 * <pre>{@code
 * try (SceneEnsemble ensemble = SceneEnsemble.builder()
 *         .add(Path.of("ascmamba"), 2)
 *         .add(Path.of("se-trans"), 1)
 *         .load()) {
 *     EnsemblePrediction answer = ensemble.classify(Path.of("street.wav"), RecordingContext.unknown());
 *     String scene = answer.fused().label();
 *     boolean undisputed = answer.agree();
 * }
 * }</pre>
 *
 * <p>With weights {@code w_i} and the models' probabilities {@code p_i} of a scene, the fused probability is
 * {@code sum(w_i p_i) / sum(w_i)} in each window; windows are those of {@link SceneClassifier}, and are averaged as
 * there.
 *
 * <p>The models may be of different architectures. They have the same labels, in any order (answers are fused by
 * label), and the same feature parameters: a recording is decoded, cut and turned into features once for all of them.
 * Each encodes the recording's context by its own configuration; their cities may differ. A recording must be long
 * enough for the most demanding network.
 *
 * <p>All run on one backend, one after the other in a call. Sessions are pooled as a {@link SceneClassifier}'s are.
 */
public final class SceneEnsemble extends Classifier<EnsemblePrediction, List<float[]>> {
    private final double[] weights;

    /** Loads the models, then starts the backend. */
    SceneEnsemble(Builder builder, Supplier<List<Backend>> start) {
        super(read(builder.members), builder, start);
        weights = weights(builder.members);
    }

    private static List<ModelDirectory> read(List<Builder.Member> members) {
        List<ModelDirectory> directories = members.stream()
                .map(member -> ModelDirectory.read(member.directory, null, KeyMap.identity()))
                .toList();
        ModelConfig first = directories.get(0).config();
        for (ModelDirectory directory : directories.subList(1, directories.size())) {
            directory.config().requireFeaturesOf(first);
            directory.config().requireLabelsOf(first);
        }
        return directories;
    }

    /** The weights in parts of the largest, whose sum cannot overflow. */
    private static double[] weights(List<Builder.Member> members) {
        double largest =
                members.stream().mapToDouble(Builder.Member::weight).max().orElseThrow();
        return members.stream().mapToDouble(member -> member.weight / largest).toArray();
    }

    /**
     * Starts to load an ensemble.
     *
     * @return a builder without models
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    EnsemblePrediction prediction(List<WindowResults> results) {
        List<ScenePrediction> members =
                results.stream().map(WindowResults::prediction).toList();
        return new EnsemblePrediction(ScenePrediction.fuse(members, weights), members);
    }

    @Override
    ScenePrediction scenes(EnsemblePrediction prediction) {
        return prediction.fused();
    }

    @Override
    List<float[]> embedding(List<WindowResults> results) {
        return results.stream().map(WindowResults::embedding).toList();
    }

    /**
     * The models' configurations.
     *
     * @return as read from each {@code config.json}, in the order the models were added
     */
    public List<ModelConfig> configs() {
        return models().stream().map(LoadedModel::config).toList();
    }

    /**
     * What each layer of each network makes and costs, see {@link SceneClassifier#profile}.
     *
     * @return for each model, in the order they were added, the layers in the order they run
     * @throws ClosedException if the ensemble is closed
     */
    public List<List<LayerProfile>> profiles() {
        return models().stream().map(this::profile).toList();
    }

    /** The models of an ensemble, and the choices in loading them. */
    public static final class Builder extends LoadOptions<Builder> {
        private final List<Member> members = new ArrayList<>();

        private record Member(Path directory, double weight) {}

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** SHA-256 of a line for each model: its digest and its weight. */
        @Override
        String digest(List<String> models) {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < models.size(); i++) {
                lines.append(models.get(i))
                        .append(' ')
                        .append(members.get(i).weight)
                        .append('\n');
            }
            byte[] text = lines.toString().getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(FileDigest.sha256().digest(text));
        }

        /**
         * Adds a model with weight 1.
         *
         * @param directory the model directory
         * @return this
         */
        public Builder add(Path directory) {
            return add(directory, 1);
        }

        /**
         * Adds a model.
         *
         * @param directory the model directory
         * @param weight how much its probabilities count, in proportion to the other models'; more than 0, finite
         * @return this
         * @throws IllegalArgumentException if the weight is not so
         */
        public Builder add(Path directory, double weight) {
            // Written so that NaN fails too.
            if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "weight of " + directory + ": " + weight + "; expected a positive, finite number");
            }
            members.add(new Member(Objects.requireNonNull(directory), weight));
            return this;
        }

        /**
         * Loads the models and starts the backend.
         *
         * @return the ensemble
         * @throws EarshotException if a model cannot be read, if the models' labels or feature parameters differ, or if
         *     the backend does not start
         * @throws IllegalArgumentException if the window hop, or a batch, does not fit the models, or there are more
         *     threads than any machine has processors
         * @throws IllegalStateException if there are fewer than two models
         */
        public SceneEnsemble load() {
            if (members.size() < 2) {
                throw new IllegalStateException("models: " + members.size() + "; expected at least 2");
            }
            return loadAndTell(this, () -> new SceneEnsemble(this, this::startBackends));
        }
    }
}
