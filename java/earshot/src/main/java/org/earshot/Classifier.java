package org.earshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.earshot.audio.AudioStream;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.ClosedException;
import org.earshot.error.ContextException;
import org.earshot.error.DeadlineException;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelDirectory;
import org.earshot.network.LayerProfile;

/**
 * What {@link SceneClassifier} and {@link SceneEnsemble} have in common: how recordings are handed in, how calls share
 * the sessions, how it ends. Safe for any number of threads.
 *
 * <p>A recording no longer than the models' clip (configuration, {@code features.frames}) is classified as it is; a
 * longer one in windows of that length, whose probabilities are averaged. The last window ends with the recording; a
 * rest shorter than a tenth of a window gets none of its own.
 *
 * <p>It owns the weights and a bounded pool of sessions, each with its workspace and threads. Calls beyond the pool
 * wait for a session, as many and as long as the builder allows, or fail with {@link BusyException}. A call ends before
 * its work is done if its deadline is over or its thread is interrupted.
 *
 * <p>Calls that wait hold nothing open: a recording is opened when its call has a session. Between the windows of a
 * long recording the calls that wait have their turn, so that a short one does not wait for its end. What virtual
 * threads ask for, and calls that had to wait, is computed on platform threads of the classifier's own, which end with
 * it.
 *
 * @param <P> what it answers
 * @param <E> its embeddings
 */
public abstract sealed class Classifier<P, E> implements AutoCloseable permits SceneClassifier, SceneEnsemble {
    private final SceneEngine engine;
    private final Precision precision;

    /**
     * Starts the backend on models that have been read.
     *
     * @param directories at least one, all with the same feature parameters and labels
     * @param start starts the backends, at least one
     */
    Classifier(List<ModelDirectory> directories, LoadOptions<?> options, Supplier<List<Backend>> start) {
        engine = new SceneEngine(directories, options, start);
        precision = options.precision();
    }

    /** Loads on a thread that may compute, and tells the listener, as the last that builders do. */
    static <C extends Classifier<?, ?>> C loadAndTell(LoadOptions<?> options, Supplier<C> loading) {
        C classifier = CallThreads.once(loading);
        try {
            options.listener().loaded(classifier);
        } catch (Throwable e) {
            classifier.close();
            throw e;
        }
        return classifier;
    }

    /** The answer that the models' results make, one for each model. */
    abstract P prediction(List<WindowResults> results);

    /** What an answer takes the recording for. */
    abstract ScenePrediction scenes(P prediction);

    /** The embeddings in the models' results, one for each model. */
    abstract E embedding(List<WindowResults> results);

    /**
     * Classifies a recording in memory.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return the answer
     * @throws AudioException if the recording is empty or too short for a network
     * @throws ContextException if the context does not fit a model
     * @throws BusyException if all sessions are in use and the builder said not to wait, or not so long
     * @throws CancelledException if the thread is interrupted, which it stays
     */
    public P classify(AudioClip clip, RecordingContext recordingContext) {
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
    public P classify(AudioClip clip, RecordingContext recordingContext, CallOptions options) {
        return prediction(engine.run(clip, recordingContext, new Call(options, clip.source())));
    }

    /**
     * Classifies several recordings in memory as one call, on one session: their windows are computed together, up to
     * eight at once, or as many as {@link LoadOptions#batching} says or {@link LoadOptions#memoryLimit} has room for.
     * Answers are as those of single calls, in the measure that is said there.
     *
     * @param clips the recordings
     * @param recordingContexts where and when each was made, as many
     * @return the answers, as many, in their order
     * @throws IllegalArgumentException if there are not as many contexts as recordings
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}, for the first recording that is
     *     wrong; none of them then has an answer
     */
    public List<P> classifyAll(List<AudioClip> clips, List<RecordingContext> recordingContexts) {
        return classifyAll(clips, recordingContexts, CallOptions.none());
    }

    /**
     * Classifies several recordings in memory, within a deadline for all of them.
     *
     * @param clips as for {@link #classifyAll(List, List)}
     * @param recordingContexts likewise
     * @param options of this call
     * @return the answers, as many, in their order
     * @throws EarshotException as {@link #classifyAll(List, List)}
     * @throws DeadlineException if the time is over before
     */
    public List<P> classifyAll(List<AudioClip> clips, List<RecordingContext> recordingContexts, CallOptions options) {
        if (clips.size() != recordingContexts.size()) {
            throw new IllegalArgumentException(
                    recordingContexts.size() + " contexts for " + clips.size() + " recordings; expected one for each");
        }
        if (clips.isEmpty()) {
            return List.of();
        }
        Call call = new Call(options, clips.size() + " recordings");
        return engine.runAll(List.copyOf(clips), List.copyOf(recordingContexts), call).stream()
                .map(this::prediction)
                .toList();
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
    public P classify(float[] pcm, int sampleRate, RecordingContext recordingContext) {
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
    public P classify(float[] pcm, int sampleRate, RecordingContext recordingContext, CallOptions options) {
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
    public P classify(Path recording, RecordingContext recordingContext) {
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
    public P classify(Path recording, RecordingContext recordingContext, CallOptions options) {
        return prediction(engine.run(recording, recordingContext, new Call(options, recording)));
    }

    /**
     * Begins to classify a recording in memory. It waits for its turn in a queue, and is computed on threads of the
     * classifier's own. To cancel it takes it out of the queue; {@code cancel(true)} also stops it where it runs,
     * before the next step of a network (on a CUDA device: before the next window).
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @param options of this call; its deadline counts from now on
     * @return the answer to come, or the exception of {@link #classify(AudioClip, RecordingContext, CallOptions)}
     * @throws BusyException if as many calls wait as the builder allows
     */
    public CompletableFuture<P> classifyAsync(AudioClip clip, RecordingContext recordingContext, CallOptions options) {
        return engine.async(
                new Call(options, clip.source()), call -> prediction(engine.run(clip, recordingContext, call)));
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
    public CompletableFuture<P> classifyAsync(Path recording, RecordingContext recordingContext, CallOptions options) {
        return engine.async(
                new Call(options, recording), call -> prediction(engine.run(recording, recordingContext, call)));
    }

    /**
     * Begins to analyse a recording that the caller knows how to open, wherever it lies and whatever decodes it: an
     * upload in memory is {@code () -> AudioFiles.open(bytes, name, limits)}. It is opened when its turn has come, read
     * window by window and closed; see {@link #classifyAsync(AudioClip, RecordingContext, CallOptions)}.
     *
     * @param recording opens it, on one of the classifier's threads; what it throws is the call's exception
     * @param name what messages call it
     * @param recordingContext where and when it was made
     * @param options of this call; its deadline counts from now on
     * @return answer and embedding to come, or the exception of {@link #classify(Path, RecordingContext, CallOptions)}
     * @throws BusyException if as many calls wait as the builder allows
     */
    public CompletableFuture<SceneAnalysis<P, E>> analyseAsync(
            Supplier<AudioStream> recording, String name, RecordingContext recordingContext, CallOptions options) {
        return engine.async(new Call(options, name), call -> {
            List<WindowResults> results = engine.run(recording, name, recordingContext, call);
            return new SceneAnalysis<>(prediction(results), embedding(results));
        });
    }

    /**
     * Classifies features that were computed before, as one clip.
     *
     * @param features log-mel, dB, {@code [frames, bands]}, made with the parameters of the configuration; may be
     *     longer, what lies behind is not read; not copied, so not to be changed meanwhile
     * @param frames how many there are, at most the configuration's {@code features.frames}
     * @param recordingContext where and when the recording was made
     * @return the answer, of one window
     * @throws AudioException if there are too few or too many frames, fewer values than they need, or a value that is
     *     not finite
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     */
    public P classifyFeatures(float[] features, int frames, RecordingContext recordingContext) {
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
    public P classifyFeatures(float[] features, int frames, RecordingContext recordingContext, CallOptions options) {
        return prediction(engine.runFeatures(features, frames, recordingContext, new Call(options, "features")));
    }

    /**
     * The embedding of a recording: what enters a network's last linear layer.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @return the mean over the windows' embeddings, {@code [E]}; of an ensemble, a list of them, one for each model in
     *     the order they were added
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     */
    public E embed(AudioClip clip, RecordingContext recordingContext) {
        return embed(clip, recordingContext, CallOptions.none());
    }

    /**
     * The embedding of a recording, within a deadline.
     *
     * @param clip the recording
     * @param recordingContext where and when it was made
     * @param options of this call
     * @return as {@link #embed(AudioClip, RecordingContext)}
     * @throws EarshotException as {@link #classify(AudioClip, RecordingContext)}
     * @throws DeadlineException if the time is over before
     */
    public E embed(AudioClip clip, RecordingContext recordingContext, CallOptions options) {
        return embedding(engine.run(clip, recordingContext, new Call(options, clip.source())));
    }

    /**
     * Begins to say how live sound is to be classified.
     *
     * @param recordingContext where and when it is recorded, at first
     * @param sampleRate of the samples that will be pushed, Hz
     * @return a builder, with the classifier's own distance of windows
     * @throws AudioException if the rate cannot be converted to the models'
     */
    public SceneStream.Builder<P> stream(RecordingContext recordingContext, int sampleRate) {
        return new SceneStream.Builder<>(
                engine, recordingContext, sampleRate, labels(), this::prediction, this::scenes);
    }

    /**
     * The scenes that it knows.
     *
     * @return their names, in the (first) model's order
     */
    public List<String> labels() {
        return models().get(0).config().labels();
    }

    /** The models, as the first backend has them. */
    List<LoadedModel> models() {
        return engine.models();
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
     * How many calls, or with {@link LoadOptions#batching} batches of calls, can run at once.
     *
     * @return the number of sessions, at least 1
     */
    public int sessions() {
        return engine.sessions();
    }

    /**
     * How many calls have begun and are not done, at the moment.
     *
     * @return at least 0
     */
    public int runningCalls() {
        return engine.running();
    }

    /**
     * How many calls wait to begin, at the moment.
     *
     * @return at least 0
     */
    public int waitingCalls() {
        return engine.waiting();
    }

    /**
     * By what the model is known again: the same for a checkpoint and what {@code earshot convert} makes of it, on disk
     * and in memory; another as soon as a value, a name or a setting differs.
     *
     * @return SHA-256 of its configuration and weights, 64 hexadecimal digits; of an ensemble, of those of its models
     *     with their weights
     */
    public String modelDigest() {
        return engine.digest();
    }

    /**
     * The network.
     *
     * @return as {@code config.json} has it; of an ensemble, all joined by {@code +}
     */
    public String architecture() {
        return models().stream()
                .map(model -> model.model().architecture().label())
                .collect(Collectors.joining("+"));
    }

    /**
     * The memory that it takes at most, once all its sessions are in use.
     *
     * @return bytes of weights and sessions, on host and device
     * @throws ClosedException if it is closed
     */
    public Footprint footprint() {
        return engine.footprint();
    }

    /** What each layer of a model makes and costs. */
    final List<LayerProfile> profile(LoadedModel model) {
        return engine.profile(model);
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
     * @throws IllegalStateException as {@link #close()}
     */
    public boolean close(Duration atMost) {
        return engine.close(atMost);
    }

    /** Whether the caller is one of the threads that it computes calls on. */
    final boolean worksHere() {
        return engine.worksHere();
    }

    /**
     * Waits for running calls, then frees everything. Later calls throw {@link ClosedException}; a second close does
     * nothing.
     *
     * @throws IllegalStateException if what opens, reads or closes a recording of a running call calls this, which
     *     would wait for itself
     */
    @Override
    public void close() {
        engine.close();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + architecture().replace("+", " + ") + ", " + labels().size()
                + " scenes, " + backend() + "]";
    }
}
