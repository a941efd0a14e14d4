package org.earshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.earshot.audio.MonoReader;
import org.earshot.audio.SampleSource;
import org.earshot.backend.Backend;
import org.earshot.backend.Backends;
import org.earshot.backend.Precision;
import org.earshot.features.LogMel;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.model.PreparedNetwork;
import org.earshot.model.SceneModel;
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
 *
 * <p>A recording no longer than the model's clip (configuration, {@code features.frames}) is classified as it is; a
 * longer one in windows of that length, whose probabilities are averaged. The last window ends with the recording; a
 * rest shorter than a tenth of a window gets none of its own.
 *
 * <p>It owns the weights and a bounded pool of sessions, each with its workspace and threads. Calls beyond the pool
 * wait for a session, or fail with {@link BusyException} if the builder said so.
 */
public final class SceneClassifier implements AutoCloseable {
    private final ModelConfig config;
    private final SceneModel model;
    private final ContextEncoding context;
    private final PreparedNetwork network;
    private final SessionPool<ClassifierSession> pool;
    private final long hopSamples;

    /** Loads the model, then starts the backend. */
    SceneClassifier(Builder builder, Supplier<Backend> start) {
        ModelDirectory directory = ModelDirectory.read(builder.directory, builder.weights, builder.keyMap);
        config = directory.config();
        model = directory.model();
        context = new ContextEncoding(config, model);
        hopSamples = hopSamples(builder.windowHop);
        network = new PreparedNetwork(model.network(), start.get(), config.features());
        LogMel logMel = new LogMel(config.features());
        int sessions = builder.sessions > 0
                ? builder.sessions
                : Math.max(1, Runtime.getRuntime().availableProcessors() / builder.threads);
        pool = new SessionPool<>(
                sessions, builder.failWhenBusy, () -> new ClassifierSession(network, config, model, logMel));
    }

    private long hopSamples(Duration hop) {
        long window = (long) config.features().frames() * config.features().hopLength();
        if (hop == null) {
            return window;
        }
        int rate = config.features().sampleRate();
        Duration longest = Duration.ofNanos(Math.round(window * 1e9 / rate));
        // Compared first: a duration of centuries has no number of nanoseconds.
        boolean within = !hop.isNegative() && hop.compareTo(longest) <= 0;
        double samples = within ? hop.toNanos() * 1e-9 * rate : 0;
        if (samples < config.features().hopLength()) {
            throw new IllegalArgumentException(
                    "window hop " + hop + "; expected at least one frame and at most " + longest);
        }
        return Math.round(samples);
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

    /**
     * Classifies a recording in memory.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return the answer
     * @throws AudioException if the recording is empty or too short for the network
     * @throws ContextException if the context does not fit the model
     * @throws BusyException if all sessions are in use and the builder said not to wait
     */
    public ScenePrediction classify(AudioClip clip, RecordingContext recordingContext) {
        return run(clip, recordingContext).prediction();
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
    public ScenePrediction classify(float[] pcm, int sampleRate, RecordingContext recordingContext) {
        return classify(AudioClip.view(pcm, sampleRate), recordingContext);
    }

    /**
     * Classifies a file of any length, reading it window by window.
     *
     * @param recording the file
     * @param recordingContext where and when it was made
     * @return the answer
     * @throws AudioException as {@link #classify(AudioClip, RecordingContext)}, and if the file cannot be decoded
     */
    public ScenePrediction classify(Path recording, RecordingContext recordingContext) {
        // No session waits while the file is opened; reading it is part of the session's work.
        try (MonoReader reader = MonoReader.open(recording, config.features().sampleRate())) {
            return run(reader, recording.toString(), recordingContext).prediction();
        }
    }

    /**
     * The embedding of a recording: what enters the network's last linear layer.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return the mean over the windows' embeddings, {@code [E]}
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     */
    public float[] embed(AudioClip clip, RecordingContext recordingContext) {
        return run(clip, recordingContext).embedding();
    }

    private WindowResults run(AudioClip clip, RecordingContext recordingContext) {
        return run(clip.reader(config.features().sampleRate()), clip.source(), recordingContext);
    }

    private WindowResults run(SampleSource reader, String subject, RecordingContext recordingContext) {
        ContextEncoding.Encoded encoded = context.encode(recordingContext);
        ClassifierSession session = pool.take();
        try {
            return session.run(new Windows(reader, subject, config.features(), hopSamples), encoded);
        } finally {
            pool.giveBack(session);
        }
    }

    /**
     * The scenes this model knows.
     *
     * @return their names, in the model's order
     */
    public List<String> labels() {
        return config.labels();
    }

    /**
     * The model's configuration.
     *
     * @return as read from {@code config.json}
     */
    public ModelConfig config() {
        return config;
    }

    /**
     * The backend in use.
     *
     * @return for example {@code portable[2 threads]}
     */
    public String backend() {
        return network.backend().toString();
    }

    /**
     * Waits for running calls, then frees everything. Later calls throw {@link IllegalStateException}; a second close
     * does nothing.
     */
    @Override
    public void close() {
        if (pool.close()) {
            network.close();
        }
    }

    @Override
    public String toString() {
        return "SceneClassifier[" + model.architecture().label() + ", " + labels().size() + " scenes, " + backend()
                + "]";
    }

    /** The choices in loading a classifier. */
    public static final class Builder {
        private final Path directory;
        private Path weights;
        private KeyMap keyMap = KeyMap.identity();
        private String backend = "auto";
        private Precision precision = Precision.FLOAT32;
        private int threads = Runtime.getRuntime().availableProcessors();
        private int sessions;
        private boolean failWhenBusy;
        private Duration windowHop;

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

        /**
         * Chooses the backend.
         *
         * @param name a backend's name, which is then used or an error; or {@code "auto"} for the best that starts, the
         *     default
         * @return this
         */
        public Builder backend(String name) {
            backend = Objects.requireNonNull(name);
            return this;
        }

        /**
         * Sets the precision of the large products. {@link Precision#BF16} is faster on a processor that has it, and
         * loses some accuracy; {@code "auto"} then takes the best backend that has it.
         *
         * @param choice by default {@link Precision#FLOAT32}
         * @return this
         */
        public Builder precision(Precision choice) {
            precision = Objects.requireNonNull(choice);
            return this;
        }

        /**
         * Sets the threads of one call.
         *
         * @param count at least 1; by default as many as the process has processors
         * @return this
         */
        public Builder threads(int count) {
            threads = requirePositive("threads", count);
            return this;
        }

        /**
         * Sets how many calls may run at once.
         *
         * @param count at least 1; by default the processors divided by the threads of a call
         * @return this
         */
        public Builder sessions(int count) {
            sessions = requirePositive("sessions", count);
            return this;
        }

        /**
         * Makes calls fail with {@link BusyException} when all sessions are in use, instead of waiting for one.
         *
         * @return this
         */
        public Builder failWhenBusy() {
            failWhenBusy = true;
            return this;
        }

        /**
         * Sets the distance between the windows of a long recording.
         *
         * @param hop at least one frame, at most the window's length, which is the default
         * @return this
         */
        public Builder windowHop(Duration hop) {
            windowHop = Objects.requireNonNull(hop);
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
            return new SceneClassifier(this, () -> Backends.start(backend, threads, precision));
        }

        private static int requirePositive(String name, int count) {
            if (count < 1) {
                throw new IllegalArgumentException(name + ": " + count + "; expected at least 1");
            }
            return count;
        }
    }
}
