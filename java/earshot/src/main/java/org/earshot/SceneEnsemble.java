package org.earshot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.earshot.backend.Backend;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.ContextException;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
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
public final class SceneEnsemble implements AutoCloseable {
    private final List<ModelConfig> configs;
    private final List<String> architectures;
    private final double[] shares;
    private final SceneEngine engine;

    /** Loads the models, then starts the backend. */
    SceneEnsemble(Builder builder, Supplier<List<Backend>> start) {
        List<ModelDirectory> directories = builder.members.stream()
                .map(member -> ModelDirectory.read(member.directory, null, KeyMap.identity()))
                .toList();
        configs = directories.stream().map(ModelDirectory::config).toList();
        for (ModelConfig config : configs.subList(1, configs.size())) {
            config.requireFeaturesOf(configs.get(0));
            config.requireLabelsOf(configs.get(0));
        }
        architectures = directories.stream()
                .map(directory -> directory.model().architecture().label())
                .toList();
        shares = shares(builder.members);
        engine = new SceneEngine(directories, builder, start);
    }

    private static double[] shares(List<Builder.Member> members) {
        // In parts of the largest, whose sum cannot overflow.
        double largest =
                members.stream().mapToDouble(Builder.Member::weight).max().orElseThrow();
        double sum =
                members.stream().mapToDouble(member -> member.weight / largest).sum();
        return members.stream()
                .mapToDouble(member -> member.weight / largest / sum)
                .toArray();
    }

    /**
     * Starts to load an ensemble.
     *
     * @return a builder without models
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Classifies a recording in memory.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return the answer
     * @throws AudioException if the recording is empty or too short for one of the networks
     * @throws ContextException if the context does not fit one of the models
     * @throws BusyException if all sessions are in use and the builder said not to wait
     */
    public EnsemblePrediction classify(AudioClip clip, RecordingContext recordingContext) {
        return fuse(engine.run(clip, recordingContext));
    }

    /**
     * Classifies a file of any length, reading it window by window.
     *
     * @param recording the file
     * @param recordingContext where and when it was made
     * @return the answer
     * @throws AudioException as {@link #classify(AudioClip, RecordingContext)}, and if the file cannot be decoded
     */
    public EnsemblePrediction classify(Path recording, RecordingContext recordingContext) {
        return fuse(engine.run(recording, recordingContext));
    }

    private EnsemblePrediction fuse(List<WindowResults> results) {
        List<ScenePrediction> members =
                results.stream().map(WindowResults::prediction).toList();
        return new EnsemblePrediction(ScenePrediction.fuse(members, shares), members);
    }

    /**
     * The scenes that the models know.
     *
     * @return their names, in the first model's order
     */
    public List<String> labels() {
        return configs.get(0).labels();
    }

    /**
     * The models' configurations.
     *
     * @return as read from each {@code config.json}, in the order the models were added
     */
    public List<ModelConfig> configs() {
        return configs;
    }

    /**
     * The backend in use, with its device; on several devices, one after the other.
     *
     * @return for example {@code portable[2 threads]}
     */
    public String backend() {
        return engine.backend();
    }

    /**
     * Waits for running calls, then frees everything. Later calls throw {@link IllegalStateException}; a second close
     * does nothing.
     */
    @Override
    public void close() {
        engine.close();
    }

    @Override
    public String toString() {
        return "SceneEnsemble[" + String.join(" + ", architectures) + ", " + labels().size() + " scenes, " + backend()
                + "]";
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
         * @throws IllegalArgumentException if the window hop does not fit the models
         * @throws IllegalStateException if there are fewer than two models
         */
        public SceneEnsemble load() {
            if (members.size() < 2) {
                throw new IllegalStateException("models: " + members.size() + "; expected at least 2");
            }
            return CallThreads.once(() -> new SceneEnsemble(this, this::startBackends));
        }
    }
}
