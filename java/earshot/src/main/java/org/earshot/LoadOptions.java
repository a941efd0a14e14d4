package org.earshot;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
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
    private String backend = Backends.AUTO;
    private Precision precision = Precision.FLOAT32;
    private int threads = Backends.defaultThreads();
    private int sessions;
    private int maxWaiting = Integer.MAX_VALUE;
    private Duration waitAtMost = ChronoUnit.FOREVER.getDuration();
    private List<Integer> devices = List.of();
    private boolean warmUp;
    private Duration windowHop;
    private ClassifierListener listener = ClassifierListener.NONE;
    private AudioLimits audioLimits = AudioLimits.defaults();

    LoadOptions() {}

    abstract B self();

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
     * @param count at least 1; by default as many as the process has processors
     * @return this
     */
    public B threads(int count) {
        threads = requirePositive("threads", count);
        return self();
    }

    /**
     * Sets how many calls may run at once.
     *
     * @param count at least 1, and one for each device; by default the processors divided by the threads of a call
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

    int maxWaiting() {
        return maxWaiting;
    }

    AudioLimits audioLimits() {
        return audioLimits;
    }

    Precision precision() {
        return precision;
    }

    /** Starts the backend, on each of the devices. */
    List<Backend> startBackends() {
        if (devices.isEmpty()) {
            return List.of(Backends.start(backend, threads, precision));
        }
        return devices.stream()
                .map(device -> Backends.start(backend, threads, precision, OptionalInt.of(device)))
                .toList();
    }

    /**
     * Makes the pool of sessions.
     *
     * @param factories one for each backend
     */
    <S extends SessionPool.Pooled> SessionPool<S> pool(List<Supplier<S>> factories) {
        int least = factories.size();
        if (sessions > 0 && sessions < least) {
            throw new IllegalArgumentException(
                    "sessions: " + sessions + "; expected at least " + least + ", one for each device");
        }
        int size = sessions > 0 ? sessions : Math.max(least, Backends.defaultThreads() / threads);
        return new SessionPool<>(size, maxWaiting, waitAtMost, factories);
    }

    /** The distance between windows, or an IllegalArgumentException if it does not fit the model. */
    long hopSamples(FeatureParameters features) {
        return windowHop == null ? features.windowSamples() : Windows.hopSamples(windowHop, features);
    }
}
