package org.earshot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.earshot.audio.MonoReader;
import org.earshot.audio.SampleSource;
import org.earshot.backend.Backend;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.model.ModelDirectory;

/**
 * What classifiers and ensembles run on: one or more models on one backend, or on the same backend on several devices,
 * and a bounded pool of sessions.
 */
final class SceneEngine implements AutoCloseable {
    private final List<Backend> backends;
    /** The models on each of the backends. */
    private final List<List<LoadedModel>> models = new ArrayList<>();

    private final SessionPool<ClassifierSession> pool;
    private final FeatureParameters features;
    private final LogMel logMel;
    private final long hopSamples;

    /**
     * Starts the backends and prepares the models' networks.
     *
     * @param directories the models, at least one, all with the same feature parameters
     * @param start starts the backends, at least one, once nothing else can be wrong
     */
    SceneEngine(List<ModelDirectory> directories, LoadOptions<?> options, Supplier<List<Backend>> start) {
        features = directories.get(0).config().features();
        hopSamples = options.hopSamples(features);
        logMel = new LogMel(features);
        backends = start.get();
        List<Supplier<ClassifierSession>> factories = new ArrayList<>();
        for (int i = 0; i < backends.size(); i++) {
            List<LoadedModel> own = new ArrayList<>();
            models.add(own);
            factories.add(() -> new ClassifierSession(own, frontEnd()));
        }
        pool = options.pool(factories);
        try {
            for (int i = 0; i < backends.size(); i++) {
                for (ModelDirectory directory : directories) {
                    models.get(i).add(LoadedModel.of(directory, backends.get(i)));
                }
            }
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
        List<ContextEncoding.Encoded> encoded = models.get(0).stream()
                .map(model -> model.context().encode(context))
                .toList();
        ClassifierSession session = pool.take();
        try {
            return call.apply(session, encoded);
        } catch (DeviceException e) {
            if (e.reason() == DeviceException.Reason.LOST) {
                pool.avoid(session);
            }
            throw e;
        } finally {
            pool.giveBack(session);
        }
    }

    /** How many calls can run at once. */
    int sessions() {
        return pool.size();
    }

    /** The backends in words. */
    String backend() {
        return backends.stream().map(Backend::toString).collect(Collectors.joining(", "));
    }

    /** Waits for running calls, then frees everything. A second call does nothing. */
    @Override
    public void close() {
        if (pool.close()) {
            models.forEach(own -> own.forEach(LoadedModel::close));
        }
    }
}
