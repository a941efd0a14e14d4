package org.earshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.MonoReader;
import org.earshot.audio.SampleSource;
import org.earshot.backend.Backend;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.DeadlineException;
import org.earshot.error.DeviceException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.features.SlidingLogMel;
import org.earshot.model.ModelDirectory;

/**
 * What classifiers and ensembles run on: one or more models on one backend, or on the same backend on several devices,
 * and a bounded pool of sessions.
 */
final class SceneEngine implements AutoCloseable {
    /** A CUDA execution records a list of steps when it is run again, and replays it from then on. */
    private static final int RUNS_UNTIL_RECORDED = 3;

    private static final String COMPUTING = "computing";

    private final List<Backend> backends;
    /** The models on each of the backends. */
    private final List<List<LoadedModel>> models = new ArrayList<>();

    private final SessionPool<ClassifierSession> pool;
    private final CallThreads threads = new CallThreads();
    private final AsyncCalls asyncCalls;
    private final FeatureParameters features;
    private final LogMel logMel;
    private final long hopSamples;
    private final AudioLimits audioLimits;

    /** A recording that a call opens once it has a session: calls that wait hold no file open. */
    interface Recording {
        /** What messages call it. */
        String name();

        /** Opens it; the caller closes it. */
        OpenRecording open();
    }

    /** A recording's samples at the rate of the features. */
    interface OpenRecording extends SampleSource, AutoCloseable {
        /** What of it could not be decoded so far. */
        default List<AudioLoss> losses() {
            return List.of();
        }

        @Override
        void close();
    }

    /**
     * Starts the backends and prepares the models' networks.
     *
     * @param directories the models, at least one, all with the same feature parameters
     * @param start starts the backends, at least one, once nothing else can be wrong
     */
    SceneEngine(List<ModelDirectory> directories, LoadOptions<?> options, Supplier<List<Backend>> start) {
        features = directories.get(0).config().features();
        logMel = new LogMel(features);
        hopSamples = options.hopSamples(features);
        audioLimits = options.audioLimits();
        backends = start.get();
        List<Supplier<ClassifierSession>> factories = new ArrayList<>();
        for (int i = 0; i < backends.size(); i++) {
            List<LoadedModel> own = new ArrayList<>();
            models.add(own);
            factories.add(() -> new ClassifierSession(own));
        }
        pool = options.pool(factories);
        asyncCalls = new AsyncCalls(pool.size(), options.maxWaiting());
        try {
            for (int i = 0; i < backends.size(); i++) {
                for (ModelDirectory directory : directories) {
                    models.get(i).add(LoadedModel.of(directory, backends.get(i), options.listener()));
                }
            }
            if (options.warmsUp()) {
                warmUp();
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Makes all sessions and runs each on a full window of silence, until a device has recorded what it is to do. */
    private void warmUp() {
        Call call = new Call(CallOptions.none(), "warm-up");
        List<ContextEncoding.Encoded> encoded = encode(RecordingContext.unknown());
        List<SessionPool<ClassifierSession>.Turn> turns = new ArrayList<>();
        try {
            while (turns.size() < pool.size()) {
                turns.add(pool.enter(call));
            }
            AudioClip silence = AudioClip.view(new float[features.windowSamples()], features.sampleRate());
            for (SessionPool<ClassifierSession>.Turn turn : turns) {
                for (int run = 0; run < RUNS_UNTIL_RECORDED; run++) {
                    Windows windows =
                            new Windows(silence.reader(features.sampleRate()), "silence", features, hopSamples);
                    windows.next();
                    turn.session().run(windows.current(), encoded, noResults(), () -> {});
                }
            }
        } finally {
            turns.forEach(SessionPool.Turn::close);
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
        SampleSource reader = clip.reader(features.sampleRate());
        return run(recording(clip.source(), () -> new Open(reader, clip::losses, () -> {})), context, call);
    }

    /** What each model says of a file. */
    List<WindowResults> run(Path file, RecordingContext context, Call call) {
        return run(
                recording(file.toString(), () -> {
                    MonoReader reader = MonoReader.open(file, features.sampleRate(), audioLimits);
                    return new Open(reader, reader::losses, reader::close);
                }),
                context,
                call);
    }

    private record Open(SampleSource samples, Supplier<List<AudioLoss>> missing, Runnable closing)
            implements OpenRecording {
        @Override
        public List<AudioLoss> losses() {
            return missing.get();
        }

        @Override
        public int read(float[] target, int offset, int length) {
            return samples.read(target, offset, length);
        }

        @Override
        public void close() {
            closing.run();
        }
    }

    private static Recording recording(String name, Supplier<OpenRecording> opening) {
        return new Recording() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public OpenRecording open() {
                return opening.get();
            }
        };
    }

    /** What each model says of a recording. Between its windows, calls that wait have their turn. */
    List<WindowResults> run(Recording recording, RecordingContext context, Call call) {
        return call(call, context, (turn, encoded) -> {
            List<WindowResults> results = noResults();
            try (OpenRecording samples = recording.open()) {
                float[] spare = turn.session().takeBuffer();
                Windows windows = new Windows(samples, recording.name(), features, hopSamples, spare);
                while (next(windows, turn)) {
                    SoundWindow window = windows.current();
                    if (window.start() > 0) {
                        turn.letOthers();
                    }
                    turn.session().run(window, encoded, results, () -> turn.requireWanted(COMPUTING));
                }
                turn.session().giveBuffer(windows.buffer());
                note(results, samples.losses());
            }
            return results;
        });
    }

    private static boolean next(Windows windows, SessionPool<?>.Turn turn) {
        turn.requireWanted("reading the recording");
        return windows.next();
    }

    private static void note(List<WindowResults> results, List<AudioLoss> losses) {
        List<String> notes = AudioLoss.notes(losses);
        results.forEach(result -> result.note(notes));
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
        return call(call, turn -> {
            List<WindowResults> results = noResults();
            turn.session().run(window, frames, encoded, results, () -> {
                open.run();
                turn.requireWanted(COMPUTING);
            });
            return results;
        });
    }

    /** What each model says of the features of a clip. */
    List<WindowResults> runFeatures(float[] values, int frames, RecordingContext context, Call call) {
        return call(call, context, (turn, encoded) -> turn.session()
                .runFeatures(values, frames, encoded, () -> turn.requireWanted(COMPUTING)));
    }

    /** Begins a call that nobody's thread waits for. */
    <R> CompletableFuture<R> async(Call call, Function<Call, R> work) {
        return asyncCalls.submit(call, () -> work.apply(call));
    }

    private List<WindowResults> call(
            Call call,
            RecordingContext context,
            BiFunction<SessionPool<ClassifierSession>.Turn, List<ContextEncoding.Encoded>, List<WindowResults>> work) {
        List<ContextEncoding.Encoded> encoded = encode(context);
        return call(call, turn -> work.apply(turn, encoded));
    }

    private List<WindowResults> call(
            Call call, Function<SessionPool<ClassifierSession>.Turn, List<WindowResults>> work) {
        try (SessionPool<ClassifierSession>.Turn turn = pool.enter(call)) {
            try {
                return threads.run(() -> work.apply(turn));
            } catch (AudioException e) {
                // The recording's fault: the session is as good as before.
                if (e.reason() == AudioException.Reason.INTERRUPTED
                        && Thread.currentThread().isInterrupted()) {
                    throw call.cancelled(e);
                }
                throw e;
            } catch (CancelledException | DeadlineException e) {
                // Given up between two steps, which leaves nothing half-done.
                throw e;
            } catch (DeviceException e) {
                if (e.reason() == DeviceException.Reason.LOST) {
                    turn.avoid(e.getMessage());
                } else {
                    turn.spoil();
                }
                throw e;
            } catch (RuntimeException | Error e) {
                turn.spoil();
                throw e;
            }
        }
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

    /** How recordings become features. */
    FeatureParameters features() {
        return features;
    }

    /** The front end of backends that have none of their own. */
    LogMel logMel() {
        return logMel;
    }

    /** The distance of windows in samples. */
    long hopSamples() {
        return hopSamples;
    }

    /** Frames that the most demanding network needs. */
    int minimumFrames() {
        return ClassifierSession.minimumFrames(models.get(0));
    }

    /** How many calls can run at once. */
    int sessions() {
        return pool.size();
    }

    /** The backends in words. */
    String backend() {
        return backends.stream().map(Backend::toString).collect(Collectors.joining(", "));
    }

    /** Tells calls that are not done by then to stop, and frees everything; returns whether there were none. */
    boolean close(Duration atMost) {
        asyncCalls.refuse();
        boolean inTime = pool.drain(atMost);
        close();
        return inTime;
    }

    /** Waits for running calls, then frees everything. A second call does nothing. */
    @Override
    public void close() {
        asyncCalls.refuse();
        if (pool.close()) {
            asyncCalls.awaitEnd();
            threads.close();
            models.forEach(own -> own.forEach(LoadedModel::close));
        }
    }
}
