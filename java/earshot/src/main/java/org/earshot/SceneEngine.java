package org.earshot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.earshot.audio.MonoReader;
import org.earshot.audio.SampleSource;
import org.earshot.backend.Backend;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.model.ModelDirectory;

/** What classifiers and ensembles run on: one or more models on one backend, and a bounded pool of sessions. */
final class SceneEngine implements AutoCloseable {
    private final List<LoadedModel> models = new ArrayList<>();
    private final SessionPool<ClassifierSession> pool;
    private final FeatureParameters features;
    private final LogMel logMel;
    private final long hopSamples;
    private final Backend backend;

    /**
     * Starts the backend and prepares the models' networks.
     *
     * @param directories the models, at least one, all with the same feature parameters
     * @param start starts the backend, once nothing else can be wrong
     */
    SceneEngine(List<ModelDirectory> directories, LoadOptions<?> options, Supplier<Backend> start) {
        features = directories.get(0).config().features();
        hopSamples = options.hopSamples(features);
        logMel = new LogMel(features);
        backend = start.get();
        pool = options.pool(() -> new ClassifierSession(models, frontEnd()));
        try {
            directories.forEach(directory -> models.add(LoadedModel.of(directory, backend)));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private FrontEnd frontEnd() {
        LogMel.Scratch scratch = logMel.scratch();
        return (pcm, samples, out) -> logMel.compute(pcm, 0, samples, out, 0, scratch);
    }

    /** What each model says of a recording in memory. */
    List<WindowResults> run(AudioClip clip, RecordingContext context) {
        return run(clip.reader(features.sampleRate()), clip.source(), context);
    }

    /** What each model says of a file. */
    List<WindowResults> run(Path recording, RecordingContext context) {
        // No session waits while the file is opened; reading it is part of the session's work.
        try (MonoReader reader = MonoReader.open(recording, features.sampleRate())) {
            return run(reader, recording.toString(), context);
        }
    }

    /** What each model says of the features of a clip. */
    List<WindowResults> runFeatures(float[] values, int frames, RecordingContext context) {
        return run(context, (session, encoded) -> session.runFeatures(values, frames, encoded));
    }

    private List<WindowResults> run(SampleSource reader, String subject, RecordingContext context) {
        return run(
                context,
                (session, encoded) -> session.run(new Windows(reader, subject, features, hopSamples), encoded));
    }

    private List<WindowResults> run(
            RecordingContext context,
            BiFunction<ClassifierSession, List<ContextEncoding.Encoded>, List<WindowResults>> call) {
        List<ContextEncoding.Encoded> encoded =
                models.stream().map(model -> model.context().encode(context)).toList();
        ClassifierSession session = pool.take();
        try {
            return call.apply(session, encoded);
        } finally {
            pool.giveBack(session);
        }
    }

    /** How many calls can run at once. */
    int sessions() {
        return pool.size();
    }

    Backend backend() {
        return backend;
    }

    /** Waits for running calls, then frees everything. A second call does nothing. */
    @Override
    public void close() {
        if (pool.close()) {
            models.forEach(LoadedModel::close);
        }
    }
}
