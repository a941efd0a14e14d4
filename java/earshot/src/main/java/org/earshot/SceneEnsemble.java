package org.earshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.ContextException;
import org.earshot.error.DeadlineException;
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
    private final double[] weights;
    private final SceneEngine engine;
    private final Precision precision;

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
        weights = weights(builder.members);
        engine = new SceneEngine(directories, builder, start);
        precision = builder.precision();
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

    /**
     * Classifies a recording in memory.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return the answer
     * @throws AudioException if the recording is empty or too short for one of the networks
     * @throws ContextException if the context does not fit one of the models
     * @throws BusyException if all sessions are in use and the builder said not to wait, or not so long
     * @throws CancelledException if the thread is interrupted, which it stays
     */
    public EnsemblePrediction classify(AudioClip clip, RecordingContext recordingContext) {
        return classify(clip, recordingContext, CallOptions.none());
    }

    /**
     * Classifies a recording in memory, within a deadline.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @param options of this call
     * @return the answer
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     * @throws DeadlineException if the time is over before
     */
    public EnsemblePrediction classify(AudioClip clip, RecordingContext recordingContext, CallOptions options) {
        return fuse(engine.run(clip, recordingContext, new Call(options, clip.source())));
    }

    /**
     * Classifies samples.
     *
     * @param pcm mono samples, full scale being [-1, 1]; not copied, so not to be changed meanwhile
     * @param sampleRate Hz
     * @param recordingContext where and when they were recorded
     * @return the answer
     * @throws AudioException as {@link #classify(AudioClip, RecordingContext)}, and if a sample is not finite or the
     *     rate not positive
     */
    public EnsemblePrediction classify(float[] pcm, int sampleRate, RecordingContext recordingContext) {
        return classify(pcm, sampleRate, recordingContext, CallOptions.none());
    }

    /**
     * Classifies samples, within a deadline.
     *
     * @param pcm mono samples, full scale being [-1, 1]; not copied, so not to be changed meanwhile
     * @param sampleRate Hz
     * @param recordingContext where and when they were recorded
     * @param options of this call
     * @return the answer
     * @throws EarshotException as {@link #classify(float[], int, RecordingContext)}
     * @throws DeadlineException if the time is over before
     */
    public EnsemblePrediction classify(
            float[] pcm, int sampleRate, RecordingContext recordingContext, CallOptions options) {
        return classify(AudioClip.view(pcm, sampleRate), recordingContext, options);
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
        return classify(recording, recordingContext, CallOptions.none());
    }

    /**
     * Classifies a file of any length, within a deadline.
     *
     * @param recording the file
     * @param recordingContext where and when it was made
     * @param options of this call
     * @return the answer
     * @throws EarshotException as {@link #classify(Path, RecordingContext)}
     * @throws DeadlineException if the time is over before
     */
    public EnsemblePrediction classify(Path recording, RecordingContext recordingContext, CallOptions options) {
        return fuse(engine.run(recording, recordingContext, new Call(options, recording)));
    }

    /**
     * Begins to classify a recording in memory. It waits for its turn in a queue, and is computed on threads of the
     * ensemble's own. To cancel it takes it out of the queue; {@code cancel(true)} also stops it where it runs, before
     * the next step of the networks (on a CUDA device: before the next window).
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @param options of this call; its deadline counts from now on
     * @return the answer to come, or the exception of {@link #classify(AudioClip, RecordingContext, CallOptions)}
     * @throws BusyException if as many calls wait as the builder allows
     */
    public CompletableFuture<EnsemblePrediction> classifyAsync(
            AudioClip clip, RecordingContext recordingContext, CallOptions options) {
        return engine.async(new Call(options, clip.source()), call -> fuse(engine.run(clip, recordingContext, call)));
    }

    /**
     * Begins to classify a file, see {@link #classifyAsync(AudioClip, RecordingContext, CallOptions)}.
     *
     * @param recording the file
     * @param recordingContext where and when it was made
     * @param options of this call; its deadline counts from now on
     * @return the answer to come, or the exception of {@link #classify(Path, RecordingContext, CallOptions)}
     * @throws BusyException if as many calls wait as the builder allows
     */
    public CompletableFuture<EnsemblePrediction> classifyAsync(
            Path recording, RecordingContext recordingContext, CallOptions options) {
        return engine.async(new Call(options, recording), call -> fuse(engine.run(recording, recordingContext, call)));
    }

    /**
     * Classifies features that were computed before, as one clip.
     *
     * @param features log-mel, dB, {@code [frames, bands]}, made with the parameters of the models' configurations; may
     *     be longer, what lies behind is not read; not copied, so not to be changed meanwhile
     * @param frames how many there are, at most the configuration's {@code features.frames}
     * @param recordingContext where and when the recording was made
     * @return the answer, of one window
     * @throws AudioException if there are too few or too many frames, fewer values than they need, or a value that is
     *     not finite
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     */
    public EnsemblePrediction classifyFeatures(float[] features, int frames, RecordingContext recordingContext) {
        return classifyFeatures(features, frames, recordingContext, CallOptions.none());
    }

    /**
     * Classifies features that were computed before, within a deadline.
     *
     * @param features as for {@link #classifyFeatures(float[], int, RecordingContext)}
     * @param frames likewise
     * @param recordingContext where and when the recording was made
     * @param options of this call
     * @return the answer, of one window
     * @throws EarshotException as {@link #classifyFeatures(float[], int, RecordingContext)}
     * @throws DeadlineException if the time is over before
     */
    public EnsemblePrediction classifyFeatures(
            float[] features, int frames, RecordingContext recordingContext, CallOptions options) {
        return fuse(engine.runFeatures(features, frames, recordingContext, new Call(options, "features")));
    }

    /**
     * The embeddings of a recording: what enters each network's last linear layer.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @param options of this call
     * @return for each model, in the order they were added, the mean over the windows' embeddings, {@code [E]}
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext, CallOptions)}
     */
    public List<float[]> embed(AudioClip clip, RecordingContext recordingContext, CallOptions options) {
        return engine.run(clip, recordingContext, new Call(options, clip.source())).stream()
                .map(WindowResults::embedding)
                .toList();
    }

    /**
     * The embeddings of a recording, however long they take.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return as {@link #embed(AudioClip, RecordingContext, CallOptions)}
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     */
    public List<float[]> embed(AudioClip clip, RecordingContext recordingContext) {
        return embed(clip, recordingContext, CallOptions.none());
    }

    private EnsemblePrediction fuse(List<WindowResults> results) {
        List<ScenePrediction> members =
                results.stream().map(WindowResults::prediction).toList();
        return new EnsemblePrediction(ScenePrediction.fuse(members, weights), members);
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
     * The precision of the large products.
     *
     * @return what the builder was told, float32 if nothing
     */
    public Precision precision() {
        return precision;
    }

    /**
     * How many calls can run at once.
     *
     * @return the number of sessions, at least 1
     */
    public int sessions() {
        return engine.sessions();
    }

    /**
     * Whether it can answer.
     *
     * @return ready, closed, or why not
     */
    public ClassifierHealth health() {
        return engine.health();
    }

    /**
     * Refuses new calls and those that wait, gives those that run some time, and frees everything.
     *
     * @param atMost what calls that run have to come to their end; they then stop before the next step of a network (on
     *     a CUDA device: before the next window) with a {@link CancelledException}
     * @return whether all of them ended by themselves
     */
    public boolean close(Duration atMost) {
        return engine.close(atMost);
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
