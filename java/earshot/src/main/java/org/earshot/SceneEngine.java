package org.earshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioStream;
import org.earshot.backend.Backend;
import org.earshot.error.AudioException;
import org.earshot.error.BackendException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.SlidingLogMel;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.network.LayerProfile;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;

/**
 * What classifiers and ensembles run on: one or more models on one backend, or on the same backend on several devices,
 * and a bounded pool of sessions.
 */
final class SceneEngine implements AutoCloseable {
    /** A CUDA execution records a list of steps when it is run again, and replays it from then on. */
    private static final int RUNS_UNTIL_RECORDED = 3;

    private static final System.Logger LOGGER = System.getLogger(SceneEngine.class.getName());

    /**
     * Windows at once in {@code classifyAll}, where nothing else was said: beyond it little is won, and memory lost.
     */
    private static final int DEFAULT_BATCH = 8;

    private final List<Backend> backends;
    /** The models on each of the backends. */
    private final List<List<LoadedModel>> models = new ArrayList<>();

    private final int sessions;
    private final SessionPool<ClassifierSession> pool;
    /** One for each backend where calls are computed together; else none. */
    private final List<Batcher> batchers = new ArrayList<>();

    /** Windows that a session computes at once at most; set while loading. */
    private int batchSize;

    private final CallThreads threads = new CallThreads();
    private final AsyncCalls asyncCalls;
    /** Of calls' turns, which call what their callers have handed in to read recordings. */
    private final Inside turns = new Inside();

    private final CallReports reports;
    private final String digest;
    private final FeatureParameters features;
    private final long hopSamples;
    private final AudioLimits audioLimits;

    /**
     * Starts the backends and prepares the models' networks.
     *
     * @param directories the models, at least one, all with the same feature parameters
     * @param start starts the backends, at least one, once nothing else can be wrong
     */
    SceneEngine(List<ModelDirectory> directories, LoadOptions<?> options, Supplier<List<Backend>> start) {
        features = directories.get(0).config().features();
        hopSamples = options.hopSamples(features);
        audioLimits = options.audioLimits();
        batchSize = options.batchSize(features, DEFAULT_BATCH);
        LoadEvent event = new LoadEvent();
        event.begin();
        long begun = System.nanoTime();
        List<String> digests = directories.stream().map(ModelDirectory::digest).toList();
        digest = options.digest(digests);
        backends = start.get();
        sessions = options.sessionCount(backends.size());
        pool = pool(options);
        asyncCalls = new AsyncCalls(pool.size(), options.maxWaiting());
        String architecture = directories.stream()
                .map(directory -> directory.model().architecture().label())
                .collect(Collectors.joining("+"));
        reports = new CallReports(options.listener(), digest, architecture, backend());
        try {
            for (int i = 0; i < backends.size(); i++) {
                for (int k = 0; k < directories.size(); k++) {
                    models.get(i)
                            .add(LoadedModel.of(
                                    directories.get(k), digests.get(k), backends.get(i), options.listener()));
                }
            }
            options.memoryLimit().ifPresent(this::fitInto);
            if (options.warmsUp()) {
                warmUp();
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        if (event.shouldCommit()) {
            event.modelDigest = digest;
            event.architecture = architecture;
            event.backend = backend();
            event.sessions = sessions;
            event.warmedUp = options.warmsUp();
            event.commit();
        }
        LOGGER.log(
                System.Logger.Level.DEBUG,
                () -> "loaded " + architecture + " " + digest + " on " + backend() + " in "
                        + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
    }

    /** Makes the pool of what calls compute with, and the batchers if they compute together. */
    private SessionPool<ClassifierSession> pool(LoadOptions<?> options) {
        List<Supplier<ClassifierSession>> factories = new ArrayList<>();
        for (int i = 0; i < backends.size(); i++) {
            List<LoadedModel> own = new ArrayList<>();
            models.add(own);
            Supplier<WindowRunner> runners = () -> runner(own, options.pool());
            if (options.batching().isPresent()) {
                LoadOptions.Batching batching = options.batching().get();
                int workers = sessions / backends.size() + (i < sessions % backends.size() ? 1 : 0);
                Batcher batcher = new Batcher(workers, batching.maxSize(), batching.maxDelay(), runners);
                batchers.add(batcher);
                factories.add(() -> new ClassifierSession(own, batcher.runner()));
            } else {
                factories.add(() -> new ClassifierSession(own, runners.get()));
            }
        }
        int size = sessions;
        int maxWaiting = options.maxWaiting();
        if (!batchers.isEmpty()) {
            // While batches run, as many calls read and decode what will be the next ones.
            int running = (int) Math.min(Integer.MAX_VALUE, (long) sessions * batchSize);
            int preparing = Math.min(Math.min(running, maxWaiting), Integer.MAX_VALUE - running);
            size = running + preparing;
            maxWaiting -= preparing;
        }
        SessionPool<ClassifierSession> made = new SessionPool<>(size, maxWaiting, options.waitAtMost(), factories);
        batchers.forEach(batcher -> made.whenStopping(batcher::wakeAll));
        return made;
    }

    private static WindowRunner runner(List<LoadedModel> models, Optional<ComputePool> processors) {
        NetworkRunner runner = new NetworkRunner(models);
        return processors.isEmpty() ? runner : processors.get().bound(runner, runner.threads());
    }

    /** Makes all sessions and runs each on full windows of silence, until a device has recorded what it is to do. */
    private void warmUp() {
        WindowInput silence = silence();
        if (!batchers.isEmpty()) {
            batchers.forEach(
                    batcher -> batcher.warmUp(runner -> warmUp(runner, Collections.nCopies(batchSize, silence))));
            return;
        }
        Call call = new Call(CallOptions.none(), "warm-up");
        List<SessionPool<ClassifierSession>.Turn> turns = new ArrayList<>();
        try {
            while (turns.size() < pool.size()) {
                turns.add(pool.enter(call));
            }
            turns.forEach(turn -> warmUp(turn.session().runner(), List.of(silence)));
        } finally {
            turns.forEach(SessionPool.Turn::close);
        }
    }

    /** A full window. */
    private WindowInput silence() {
        return WindowInput.ofSamples(
                new float[features.windowSamples()],
                features.windowSamples(),
                features.frames(),
                encode(RecordingContext.unknown()));
    }

    private static void warmUp(WindowRunner runner, List<WindowInput> windows) {
        for (int run = 0; run < RUNS_UNTIL_RECORDED; run++) {
            runner.run(windows, Progress.GOES_ON);
        }
    }

    private List<WindowResults> noResults() {
        return models.get(0).stream().map(LoadedModel::results).toList();
    }

    /** What each model is fed of a recording's context. */
    List<ContextEncoding.Encoded> encode(RecordingContext context) {
        return models.get(0).stream()
                .map(model -> model.context().encode(context))
                .toList();
    }

    /** What each model says of a recording in memory. */
    List<WindowResults> run(AudioClip clip, RecordingContext context, Call call) {
        return run(Recording.of(clip, features.sampleRate()), context, call);
    }

    /** What each model says of a file. */
    List<WindowResults> run(Path file, RecordingContext context, Call call) {
        return run(Recording.of(file, features.sampleRate(), audioLimits), context, call);
    }

    /** What each model says of a recording that its caller knows how to open. */
    List<WindowResults> run(Supplier<AudioStream> recording, String name, RecordingContext context, Call call) {
        return run(Recording.of(recording, name, features.sampleRate()), context, call);
    }

    /** What each model says of a recording. Between its windows, calls that wait have their turn. */
    List<WindowResults> run(Recording recording, RecordingContext context, Call call) {
        return call(call, context, (turn, encoded) -> {
            List<WindowResults> results = noResults();
            try (Recording.Samples samples = call.open(recording)) {
                float[] spare = turn.session().takeBuffer();
                Windows windows = new Windows(samples, recording.name(), features, hopSamples, spare);
                while (call.next(windows, turn)) {
                    SoundWindow window = windows.current();
                    if (window.start() > 0) {
                        turn.letOthers();
                    }
                    turn.compute(session -> {
                        session.run(window, encoded, results, turn);
                        return results;
                    });
                }
                turn.session().giveBuffer(windows.buffer());
                WindowResults.noteLosses(results, samples.losses());
            }
            return results;
        });
    }

    /** What each model says of each of several recordings, whose windows are computed together. */
    List<List<WindowResults>> runAll(List<AudioClip> clips, List<RecordingContext> contexts, Call call) {
        return reports.of(call, () -> {
            List<ClipsSideBySide.Item> items = new ArrayList<>();
            for (int i = 0; i < clips.size(); i++) {
                items.add(new ClipsSideBySide.Item(clips.get(i), encode(contexts.get(i)), noResults()));
            }
            return inTurn(call, turn -> {
                new ClipsSideBySide(items, this::cut, batchSize, turn, call).run();
                return items.stream().map(ClipsSideBySide.Item::results).toList();
            });
        });
    }

    private Windows cut(AudioClip clip) {
        return new Windows(clip.reader(features.sampleRate()), clip.source(), features, hopSamples);
    }

    /**
     * What each model says of one window of live sound.
     *
     * @param frames of the sound that the window is of
     * @param encoded its context
     * @param open called between steps; what it throws ends the work
     */
    List<WindowResults> run(
            SoundWindow window, SlidingLogMel frames, List<ContextEncoding.Encoded> encoded, Call call, Runnable open) {
        return reports.of(
                call,
                () -> inTurn(call, turn -> {
                    List<WindowResults> results = noResults();
                    return turn.compute(session -> {
                        session.run(window, frames, encoded, results, turn.unless(open));
                        return results;
                    });
                }));
    }

    /** What each model says of the features of a clip. */
    List<WindowResults> runFeatures(float[] values, int frames, RecordingContext context, Call call) {
        return call(
                call,
                context,
                (turn, encoded) -> turn.compute(session -> session.runFeatures(values, frames, encoded, turn)));
    }

    /** Begins a call that nobody's thread waits for. */
    <R> CompletableFuture<R> async(Call call, Function<Call, R> work) {
        return reports.ofAsync(call, () -> asyncCalls.submit(call, () -> work.apply(call)));
    }

    private <R> R call(
            Call call,
            RecordingContext context,
            BiFunction<SessionPool<ClassifierSession>.Turn, List<ContextEncoding.Encoded>, R> work) {
        return reports.of(call, () -> {
            List<ContextEncoding.Encoded> encoded = encode(context);
            return inTurn(call, turn -> work.apply(turn, encoded));
        });
    }

    private <R> R inTurn(Call call, Function<SessionPool<ClassifierSession>.Turn, R> work) {
        return pool.run(call, threads, turn -> {
            try {
                return turns.during(() -> work.apply(turn));
            } catch (AudioException e) {
                if (e.reason() == AudioException.Reason.INTERRUPTED
                        && Thread.currentThread().isInterrupted()) {
                    throw call.cancelled(e);
                }
                throw e;
            }
        });
    }

    /** What the weights and the sessions take. */
    Footprint footprint() {
        Backend first = backends.get(0);
        long weights = 0;
        for (LoadedModel model : models()) {
            weights = Math.addExact(
                    weights, Math.multiplyExact(model.network().network().parameters(), (long) Float.BYTES));
        }
        weights = Math.multiplyExact(weights, (long) backends.size());
        long workspace = Math.multiplyExact(workspaceFloats(), (long) Float.BYTES);
        // Each of the recordings that a session computes at once is cut in a buffer of its own.
        long values = Math.addExact(features.windowSamples(), hopSamples);
        if (batchSize > 1) {
            // Their samples are joined; where their lengths differ, so are their features.
            values = Math.addExact(values, features.windowSamples() + (long) features.frames() * features.melBands());
        }
        long buffers = Math.multiplyExact((long) batchSize * Float.BYTES, values);
        boolean device = first.usesDeviceMemory();
        return new Footprint(
                device ? 0 : weights,
                device ? weights : 0,
                Math.addExact(buffers, device ? first.stagingBytes() : workspace),
                device ? workspace : 0,
                sessions,
                batchSize);
    }

    private long workspaceFloats() {
        Call call = new Call(CallOptions.none(), "footprint");
        // Inside a turn: nothing is closed meanwhile.
        return inTurn(
                call,
                turn -> turn.compute(pooled -> {
                    try (NetworkRunner runner = new NetworkRunner(models())) {
                        return runner.workspaceFloats(silence(), batchSize);
                    }
                }));
    }

    /**
     * Has {@code classifyAll} compute as many windows at once as there is memory for, and fails if there is for none.
     */
    private void fitInto(long limit) {
        Footprint needed = footprint();
        while (batchers.isEmpty() && batchSize > 1 && needed.all() > limit) {
            batchSize--;
            needed = footprint();
        }
        long weights = Math.addExact(needed.weightsHost(), needed.weightsDevice());
        long session = Math.addExact(needed.sessionHost(), needed.sessionDevice());
        if (needed.all() > limit) {
            throw new BackendException(
                    backend(),
                    needed.all() + " bytes needed, " + weights + " for weights and " + session + " for each of "
                            + needed.sessions() + " sessions",
                    "at most " + limit + ", the memory limit (raise it, or have fewer sessions or smaller batches)");
        }
    }

    /** What each layer of a model makes and costs. */
    List<LayerProfile> profile(LoadedModel model) {
        Call call = new Call(CallOptions.none(), "profile");
        return inTurn(
                call,
                turn -> turn.compute(pooled -> {
                    try (NetworkSession session = model.network().open()) {
                        Map<String, Shape> shapes = new HashMap<>();
                        Map<String, float[]> values = new HashMap<>();
                        shapes.put(Network.FEATURES, Shape.of(1, features.frames(), features.melBands(), 1));
                        values.put(Network.FEATURES, new float[features.frames() * features.melBands()]);
                        model.context()
                                .encode(RecordingContext.unknown())
                                .values()
                                .forEach((name, value) -> {
                                    shapes.put(name, Shape.of(1, value.length));
                                    values.put(name, value);
                                });
                        session.plan(shapes, List.of(Network.LOGITS));
                        // The JIT compiler, or a device's first launch, is not what is asked for.
                        for (int run = 0; run < RUNS_UNTIL_RECORDED; run++) {
                            session.feed(values);
                            session.run(() -> turn.requireWanted("profiling"));
                        }
                        return LayerProfile.of(model.network().network(), session);
                    }
                }));
    }

    ClassifierHealth health() {
        if (!pool.isOpen()) {
            return new ClassifierHealth(ClassifierHealth.State.CLOSED, "the classifier is closed");
        }
        String loss = pool.loss();
        return loss == null
                ? new ClassifierHealth(ClassifierHealth.State.READY, "")
                : new ClassifierHealth(ClassifierHealth.State.DEVICE_LOST, loss);
    }

    /** The models, as the first backend has them. */
    List<LoadedModel> models() {
        return models.get(0);
    }

    /** Fails if it is closed, or is being closed. */
    void requireOpen() {
        pool.requireOpen();
    }

    /** How recordings become features. */
    FeatureParameters features() {
        return features;
    }

    /** The distance of windows in samples. */
    long hopSamples() {
        return hopSamples;
    }

    /** Frames that the most demanding network needs. */
    int minimumFrames() {
        return ClassifierSession.minimumFrames(models.get(0));
    }

    /** On how much calls can compute at once. */
    int sessions() {
        return sessions;
    }

    /** By what the models are known again. */
    String digest() {
        return digest;
    }

    /** Calls that have begun. */
    int running() {
        return pool.running();
    }

    /** Calls that wait to begin. */
    int waiting() {
        return pool.waiting() + asyncCalls.waiting();
    }

    /** The backends in words. */
    String backend() {
        return backends.stream().map(Backend::toString).collect(Collectors.joining(", "));
    }

    /** Whether the caller is one of the threads that calls run on. */
    boolean worksHere() {
        return asyncCalls.worksHere() || threads.worksHere();
    }

    /** Closing waits for the turns' end. */
    private void requireNoTurn() {
        if (turns.here()) {
            throw new IllegalStateException(
                    "the classifier: closed by what reads the recording of one of its calls, for whose end it would wait;"
                            + " expected to be closed by another thread, or after the call");
        }
    }

    /** Tells calls that are not done by then to stop, and frees everything; returns whether there were none. */
    boolean close(Duration atMost) {
        requireNoTurn();
        asyncCalls.refuse();
        batchers.forEach(Batcher::hurry);
        boolean inTime = pool.drain(atMost);
        close();
        return inTime;
    }

    /** Waits for running calls, then frees everything. A second call does nothing. */
    @Override
    public void close() {
        requireNoTurn();
        asyncCalls.refuse();
        batchers.forEach(Batcher::hurry);
        if (pool.close()) {
            asyncCalls.awaitEnd();
            batchers.forEach(Batcher::close);
            threads.close();
            models.forEach(own -> own.forEach(LoadedModel::close));
        }
    }
}
