package org.earshot;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.earshot.audio.AudioLimits;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.error.BusyException;
import org.earshot.features.FeatureParameters;

/**
 * The choices in loading that a {@link SceneClassifier} and a {@link SceneEnsemble} have in common.
 *
 * @param <B> the builder that they are choices of
 */
public abstract sealed class LoadOptions<B extends LoadOptions<B>>
        permits SceneClassifier.Builder, SceneEnsemble.Builder {
    /** Most elements that every JVM can put into an array. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private String backend = Backends.AUTO;
    private Precision precision = Precision.FLOAT32;
    /** 0 for the default. */
    private int threads;

    private ComputePool pool;
    private int sessions;
    private int maxWaiting = Integer.MAX_VALUE;
    private Duration waitAtMost = ChronoUnit.FOREVER.getDuration();
    private List<Integer> devices = List.of();
    private boolean warmUp;
    private Batching batching;
    private Long memoryLimit;
    private Duration windowHop;
    private ClassifierListener listener = ClassifierListener.NONE;
    private AudioLimits audioLimits = AudioLimits.defaults();

    /**
     * How calls are computed together.
     *
     * @param maxSize windows at once
     * @param maxDelay how long one may wait for others
     * @param maxQueue calls that may wait beside those that are computed
     */
    record Batching(int maxSize, Duration maxDelay, int maxQueue) {}

    LoadOptions() {}

    abstract B self();

    /** By what is known again what is loaded: of one model, its digest; of several, one for all of them. */
    abstract String digest(List<String> models);

    /**
     * Chooses the backend.
     *
     * @param name a backend's name, which is then used or an error; or {@code "auto"} for the best that starts, the
     *     default
     * @return this
     */
    public B backend(String name) {
        backend = Objects.requireNonNull(name);
        return self();
    }

    /**
     * Sets the precision of the large products. {@link Precision#BF16} is faster on a processor that has it, and loses
     * some accuracy; {@code "auto"} then takes the best backend that has it.
     *
     * @param choice by default {@link Precision#FLOAT32}
     * @return this
     */
    public B precision(Precision choice) {
        precision = Objects.requireNonNull(choice);
        return self();
    }

    /**
     * Chooses the device, which is then used or an error; with {@code "auto"}, backends without devices do not count.
     *
     * @param index from 0 on, in the order in which the process sees the devices ({@code CUDA_VISIBLE_DEVICES}); by
     *     default the first, if there is one
     * @return this
     */
    public B device(int index) {
        return devices(index);
    }

    /**
     * Spreads the sessions over several devices, each of which holds the weights: a call goes to the one that has the
     * fewest to work on. There is at least one session for each.
     *
     * @param indices as for {@link #device}; at least one, each once
     * @return this
     */
    public B devices(int... indices) {
        List<Integer> chosen = IntStream.of(indices).boxed().toList();
        if (chosen.isEmpty()
                || chosen.size() > Set.copyOf(chosen).size()
                || chosen.stream().anyMatch(index -> index < 0)) {
            throw new IllegalArgumentException("devices: " + chosen + "; expected at least one, each once, from 0 on");
        }
        devices = chosen;
        return self();
    }

    /**
     * Sets the threads of one call.
     *
     * @param count at least 1; by default as many as the process has processors, or as the {@link #pool} has threads if
     *     those are fewer
     * @return this
     */
    public B threads(int count) {
        threads = requirePositive("threads", count);
        return self();
    }

    /**
     * Shares processors with other classifiers and ensembles: calls compute when the pool has the threads for them.
     *
     * @param shared the pool, the same for all of them; by default there is none, and calls are bounded by the sessions
     *     of each alone
     * @return this
     */
    public B pool(ComputePool shared) {
        pool = Objects.requireNonNull(shared);
        return self();
    }

    /**
     * Computes the windows of calls that come at the same time together, as one batch, where their numbers of frames
     * are equal. That makes a GPU, or a processor with a small network, do more of them in the same time. On
     * {@code cpu} and {@code portable} an answer is the same to the last bit as that of a call alone; on {@code cuda}
     * both agree with PyTorch to 1e-4 of the logits' standard deviation, and so to twice that with each other.
     *
     * <p>There is one batch at a time for each of the {@link #sessions}. A batch begins when it is full, or when its
     * first window has waited for {@code maxDelay}; at once for a call whose deadline is not later than that twice
     * over. A call that is given up leaves the batch that waits; one that is being computed goes on for the others.
     *
     * @param maxSize windows at once, at least 1
     * @param maxDelay how long a window may wait for others, not negative
     * @param maxQueue calls that may wait beside as many as fit into the batches that run, at least 0; further ones
     *     fail with {@link BusyException}. It stands in place of {@link #maxWaiting}.
     * @return this
     */
    public B batching(int maxSize, Duration maxDelay, int maxQueue) {
        requirePositive("windows of a batch", maxSize);
        if (maxDelay.isNegative()) {
            throw new IllegalArgumentException("delay of a batch: " + maxDelay + "; expected at least 0");
        }
        if (maxQueue < 0) {
            throw new IllegalArgumentException("calls that wait for a batch: " + maxQueue + "; expected at least 0");
        }
        batching = new Batching(maxSize, maxDelay, maxQueue);
        return self();
    }

    /**
     * Sets how many calls may run at once.
     *
     * @param count at least 1, and one for each device; by default the processors (or the {@link #pool}'s threads)
     *     divided by the threads of a call
     * @return this
     */
    public B sessions(int count) {
        sessions = requirePositive("sessions", count);
        return self();
    }

    /**
     * Makes calls fail with {@link BusyException} when all sessions are in use, instead of waiting for one.
     *
     * @return this
     */
    public B failWhenBusy() {
        return maxWaiting(0);
    }

    /**
     * Bounds how many calls may wait for a session at once; calls beyond fail with {@link BusyException}. Those of
     * {@code classifyAsync} have a queue of the same length to themselves.
     *
     * @param calls at least 0; by default any number may
     * @return this
     */
    public B maxWaiting(int calls) {
        if (calls < 0) {
            throw new IllegalArgumentException("calls that wait: " + calls + "; expected at least 0");
        }
        maxWaiting = calls;
        return self();
    }

    /**
     * Bounds how long a call may wait for a session before it fails with {@link BusyException}. Once it has begun, it
     * takes its time, unless it has a deadline ({@link CallOptions#withDeadline}).
     *
     * @param longest positive; by default a call waits for any time
     * @return this
     */
    public B waitAtMost(Duration longest) {
        if (longest.isNegative() || longest.isZero()) {
            throw new IllegalArgumentException("time to wait: " + longest + "; expected a positive duration");
        }
        waitAtMost = longest;
        return self();
    }

    /**
     * Makes loading end only when all sessions are open and have run once, each on its device, so that the first call
     * is as fast as the later ones.
     *
     * @param wanted by default false: sessions are opened when they are needed
     * @return this
     */
    public B warmUp(boolean wanted) {
        warmUp = wanted;
        return self();
    }

    boolean warmsUp() {
        return warmUp;
    }

    /**
     * Bounds the memory that weights and all sessions may take, in the host's memory and in devices' together, as
     * {@link Classifier#footprint} counts it. Where there is not enough for {@code classifyAll} to compute eight
     * windows at once, it computes fewer; where there is not for one, or for the batches of {@link #batching}, loading
     * is refused with both figures.
     *
     * @param bytes positive; by default what is there is taken
     * @return this
     */
    public B memoryLimit(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("memory limit: " + bytes + "; expected a positive number of bytes");
        }
        memoryLimit = bytes;
        return self();
    }

    OptionalLong memoryLimit() {
        return memoryLimit == null ? OptionalLong.empty() : OptionalLong.of(memoryLimit);
    }

    /**
     * Sets the distance between the windows of a long recording.
     *
     * @param hop at least one frame, at most the window's length, which is the default
     * @return this
     */
    public B windowHop(Duration hop) {
        windowHop = Objects.requireNonNull(hop);
        return self();
    }

    /**
     * Sets who is told what is no error and should be known.
     *
     * @param told by default nobody
     * @return this
     */
    public B listener(ClassifierListener told) {
        listener = Objects.requireNonNull(told);
        return self();
    }

    ClassifierListener listener() {
        return listener;
    }

    /**
     * Sets the bounds that files are read in, and whether damaged ones are refused.
     *
     * @param limits by default {@link AudioLimits#defaults}
     * @return this
     */
    public B audioLimits(AudioLimits limits) {
        audioLimits = Objects.requireNonNull(limits);
        return self();
    }

    private static int requirePositive(String name, int count) {
        if (count < 1) {
            throw new IllegalArgumentException(name + ": " + count + "; expected at least 1");
        }
        return count;
    }

    AudioLimits audioLimits() {
        return audioLimits;
    }

    Precision precision() {
        return precision;
    }

    Optional<Batching> batching() {
        return Optional.ofNullable(batching);
    }

    Optional<ComputePool> pool() {
        return Optional.ofNullable(pool);
    }

    /** Threads that may compute at once. */
    private int processors() {
        return pool == null ? Backends.defaultThreads() : pool.threads();
    }

    private int callThreads() {
        if (threads == 0) {
            return Math.min(Backends.defaultThreads(), processors());
        }
        if (pool != null && threads > pool.threads()) {
            throw new IllegalArgumentException(
                    "threads: " + threads + "; expected at most the " + pool.threads() + " of the pool");
        }
        return threads;
    }

    /** Starts the backend, on each of the devices. */
    List<Backend> startBackends() {
        if (devices.isEmpty()) {
            return List.of(Backends.start(backend, callThreads(), precision));
        }
        return devices.stream()
                .map(device -> Backends.start(backend, callThreads(), precision, OptionalInt.of(device)))
                .toList();
    }

    /**
     * How many sessions there are.
     *
     * @param backends how many of them
     */
    int sessionCount(int backends) {
        if (sessions > 0 && sessions < backends) {
            throw new IllegalArgumentException(
                    "sessions: " + sessions + "; expected at least " + backends + ", one for each device");
        }
        return sessions > 0 ? sessions : Math.max(backends, processors() / callThreads());
    }

    /** Calls that may wait beside those that have a session. */
    int maxWaiting() {
        return batching == null ? maxWaiting : batching.maxQueue();
    }

    /** How long a call may wait for a session. */
    Duration waitAtMost() {
        return waitAtMost;
    }

    /**
     * Windows that are computed at once, or an IllegalArgumentException if the samples of so many do not fit into an
     * array.
     *
     * @param otherwise how many where nothing was said, unless that is more than fit
     */
    int batchSize(FeatureParameters features, int otherwise) {
        int most = Math.max(1, MAX_ARRAY / features.windowSamples());
        if (batching != null && batching.maxSize() > most) {
            throw new IllegalArgumentException("windows of a batch: " + batching.maxSize() + "; expected at most "
                    + most + ", as windows of this model have " + features.windowSamples() + " samples");
        }
        return batching == null ? Math.min(otherwise, most) : batching.maxSize();
    }

    /** The distance between windows, or an IllegalArgumentException if it does not fit the model. */
    long hopSamples(FeatureParameters features) {
        return windowHop == null ? features.windowSamples() : Windows.hopSamples(windowHop, features);
    }
}
