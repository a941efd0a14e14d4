package org.earshot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.earshot.audio.Resampler;
import org.earshot.audio.SampleSource;
import org.earshot.audio.Samples;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.ClosedException;
import org.earshot.error.ContextException;
import org.earshot.error.EarshotException;
import org.earshot.features.SlidingLogMel;
import org.earshot.segmentation.SegmentListener;
import org.earshot.segmentation.SegmentationOptions;
import org.earshot.segmentation.Segmenter;

/**
 * Live sound, which is pushed as it comes and classified window by window:
 *
 * <pre>{@code
 * try (SceneStream stream = classifier.stream(RecordingContext.unknown(), 48_000)
 *         .hop(Duration.ofSeconds(1))
 *         .open(window -> System.out.println(window.end() + " " + window.prediction().label()))) {
 *     while (microphone.read(samples)) {
 *         stream.push(samples, 0, samples.length);
 *     }
 *     stream.flush();
 * }
 * }</pre>
 *
 * <p>The windows and their answers are those of {@link Classifier#classify(java.nio.file.Path, RecordingContext)} on a
 * file of the same samples with the same distance of windows ({@link LoadOptions#windowHop}): to the last bit on one
 * backend, in whatever pieces the samples are pushed. A window is answered as soon as its last sample has come, with
 * half the resampler's filter behind it (2.3 ms from 48 kHz, 12.5 ms from 8 kHz); the first one a frame later, when it
 * is known not to be the whole recording. What frames overlapping windows share is computed once, if the distance of
 * windows is a multiple of the frames' and the backend computes on processors (CUDA devices compute a window's features
 * anew).
 *
 * <p>{@link #push} computes the windows that become complete in the caller's thread, as a call to {@code classify}
 * would: it waits for a session, then takes the time of one window for each, and the listeners are called before it
 * returns. A stream that {@link Builder#dropWhenBusy drops} computes them on the classifier's threads instead, one at a
 * time, and leaves out those that become complete meanwhile.
 *
 * <p>All samples of a push are taken, whatever becomes of a window: one that cannot be computed (no session within the
 * classifier's limits, a lost device, an interrupt) or whose listener throws has no successor in its stead, and the
 * first such exception is thrown once all samples are taken; of a stream that drops, when the next window is complete.
 *
 * <p>A source whose rate or number of channels changes gets another stream. Calls are safe from any number of threads,
 * one after another; listeners may call {@link #close}. A stream holds the samples of one window and one hop, and the
 * features of one window; in the steady state it allocates nothing but the answers.
 */
public final class SceneStream implements AutoCloseable {
    private static final String SUBJECT = "stream";

    /** Integers are converted so many at once. */
    private static final int BLOCK = 4096;

    /** Beyond three of them, times have no number of nanoseconds. */
    private static final Duration LONGEST = Duration.ofDays(36_525);

    private final SceneEngine engine;
    private final int sampleRate;
    private final long hopSamples;
    private final StreamAnswers answers;
    /** Null unless windows are dropped. */
    private final StreamBackground background;

    private final ReentrantLock lock = new ReentrantLock();
    private final SlidingLogMel frames;
    private final float[] converted = new float[BLOCK];
    // Guarded by the lock.
    private List<ContextEncoding.Encoded> context;
    private Feed feed;
    private Windows windows;
    /** The stream's time at the recording's first sample. */
    private Duration origin = Duration.ZERO;
    /** Samples of the recording so far. */
    private long pushed;

    private final AtomicBoolean closed;

    /** @param closed what the answers know of the stream: from then on they tell nobody */
    private SceneStream(Builder<?> builder, StreamAnswers answers, AtomicBoolean closed) {
        this.closed = closed;
        engine = builder.engine;
        engine.requireOpen();
        sampleRate = builder.sampleRate;
        hopSamples = builder.hopSamples;
        this.answers = answers;
        context = engine.encode(builder.context);
        frames = new SlidingLogMel(engine.features());
        background = builder.drops ? new StreamBackground(engine, SUBJECT, this::compute) : null;
        begin();
    }

    /** Begins a recording. */
    private void begin() {
        float[] spare = windows == null ? new float[0] : windows.buffer();
        feed = new Feed();
        windows = new Windows(
                Resampler.of(feed, SUBJECT, sampleRate, engine.features().sampleRate()),
                SUBJECT,
                engine.features(),
                hopSamples,
                spare);
        frames.reset();
        pushed = 0;
    }

    /** What was pushed and not read yet. */
    private static final class Feed implements SampleSource {
        private float[] samples = {};
        private int position;
        private int end;
        private boolean ended;

        void offer(float[] array, int offset, int length) {
            samples = array;
            position = offset;
            end = offset + length;
        }

        @Override
        public int read(float[] target, int offset, int length) {
            if (ended) {
                return -1;
            }
            int count = Math.min(length, end - position);
            System.arraycopy(samples, position, target, offset, count);
            position += count;
            return count;
        }
    }

    /**
     * Takes the next samples.
     *
     * @param samples mono, full scale being [-1, 1]; not changed meanwhile
     * @param offset of the first one
     * @param length how many, at least 0
     * @throws AudioException if a sample is not finite, with its place; none of the samples is then taken
     * @throws ClosedException if the stream or its classifier is closed
     * @throws IllegalStateException if a listener of the stream calls this, or any other method but {@link #close}
     * @throws CancelledException if the thread is interrupted, which it stays, or the stream is closed meanwhile
     * @throws EarshotException as {@code classify} throws for a window
     */
    public void push(float[] samples, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, samples.length);
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            Samples.check(SUBJECT, samples, offset, length, pushed, sampleRate);
            rethrow(take(samples, offset, length));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the next samples of 16 bits.
     *
     * @param samples mono, full scale being 2^15
     * @param offset of the first one
     * @param length how many, at least 0
     * @throws ClosedException as {@link #push(float[], int, int)}
     * @throws EarshotException as {@link #push(float[], int, int)}
     */
    public void push(short[] samples, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, samples.length);
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            Throwable failure = null;
            for (int done = 0; done < length; done += BLOCK) {
                int count = Math.min(BLOCK, length - done);
                for (int i = 0; i < count; i++) {
                    converted[i] = samples[offset + done + i] * AudioClip.PCM16_UNIT;
                }
                failure = first(failure, take(converted, 0, count));
            }
            rethrow(failure);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the next samples of 16 bits as bytes.
     *
     * @param littleEndian mono, from its position to its limit, whatever order it is set to; its position is moved
     *     behind the last whole sample, so that half a sample is left for the next push ({@link ByteBuffer#compact})
     * @throws ClosedException as {@link #push(float[], int, int)}
     * @throws EarshotException as {@link #push(float[], int, int)}
     */
    public void push(ByteBuffer littleEndian) {
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            Throwable failure = null;
            boolean swapped = littleEndian.order() == ByteOrder.BIG_ENDIAN;
            while (littleEndian.remaining() >= Short.BYTES) {
                int count = Math.min(BLOCK, littleEndian.remaining() / Short.BYTES);
                for (int i = 0; i < count; i++) {
                    short sample = littleEndian.getShort();
                    converted[i] = (swapped ? Short.reverseBytes(sample) : sample) * AudioClip.PCM16_UNIT;
                }
                failure = first(failure, take(converted, 0, count));
            }
            rethrow(failure);
        } finally {
            lock.unlock();
        }
    }

    private static Throwable first(Throwable failure, Throwable next) {
        return failure == null ? next : failure;
    }

    private static void rethrow(Throwable failure) {
        if (failure != null) {
            throw Thrown.again(failure);
        }
    }

    /** Takes samples and answers the windows that become complete; returns what went wrong first, null if nothing. */
    private Throwable take(float[] samples, int offset, int length) {
        feed.offer(samples, offset, length);
        pushed += length;
        Throwable failure = null;
        while (!closed.get() && windows.next()) {
            SoundWindow window = windows.current().from(origin);
            failure = first(failure, background == null ? answer(window) : background.offer(window, context));
        }
        return failure;
    }

    /** Computes a window and tells the listeners; returns what went wrong, null if nothing. */
    private Throwable answer(SoundWindow window) {
        try {
            compute(window, context);
            return null;
        } catch (Throwable e) {
            return e;
        }
    }

    private void compute(SoundWindow window, List<ContextEncoding.Encoded> encoded) {
        Call call = new Call(CallOptions.none(), SUBJECT);
        List<WindowResults> results = engine.run(window, frames, encoded, call, this::requireWanted);
        if (!closed.get()) {
            answers.add(window, results);
        }
    }

    /**
     * Ends the recording, as a file's end would: the rest that is a tenth of a window or longer gets a last window that
     * ends with it, a recording shorter than a window one of its own. What is pushed after it is a new recording, whose
     * time goes on. Does nothing if no sample has come since the last one ended. Windows that are being computed in the
     * background are waited for.
     *
     * @throws AudioException if the recording is too short for a network; it is then over all the same
     * @throws ClosedException as {@link #push(float[], int, int)}
     * @throws EarshotException as {@link #push(float[], int, int)}
     */
    public void flush() {
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            end();
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        Throwable failure = background == null ? null : background.await();
        if (pushed > 0) {
            feed.ended = true;
            while (!closed.get() && windows.next()) {
                failure = first(failure, answer(windows.current().from(origin)));
            }
            origin = time();
            begin();
        }
        answers.end();
        rethrow(failure);
    }

    private Duration time() {
        return origin.plus(Samples.duration(pushed, sampleRate));
    }

    /**
     * Leaves out time for which there is no sound: packets that were lost, a microphone that was off. The recording
     * ends before it as by {@link #flush}, so that no window and no segment reaches across; a recording too short for
     * the network is passed over. The stream's time goes on by the gap.
     *
     * @param length not negative, and such that the stream's time stays below a hundred years
     * @throws IllegalArgumentException if it is not so
     * @throws ClosedException as {@link #push(float[], int, int)}
     * @throws EarshotException as {@link #push(float[], int, int)}
     */
    public void gap(Duration length) {
        if (length.isNegative()) {
            throw new IllegalArgumentException("gap: " + length + "; expected a duration that is not negative");
        }
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            Duration longest = LONGEST.minus(time());
            if (length.compareTo(longest) > 0) {
                throw new IllegalArgumentException("gap: " + length + "; expected at most " + longest
                        + ", so that the stream's time stays below a hundred years");
            }
            long samples =
                    Resampler.outputLength(pushed, sampleRate, engine.features().sampleRate());
            long window = engine.features().windowSamples();
            if (engine.features().cutFrames((int) Math.min(window, samples)) < engine.minimumFrames()) {
                origin = time();
                begin();
            }
            try {
                end();
            } finally {
                origin = origin.plus(length);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Changes the context: another city, a later hour. It holds for windows that become complete from now on.
     *
     * @param recordingContext where and when the sound is recorded
     * @throws ContextException if it does not fit a model; the one before then stays
     * @throws ClosedException as {@link #push(float[], int, int)}
     */
    public void context(RecordingContext recordingContext) {
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            context = engine.encode(recordingContext);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Forgets all sound, and begins again at time 0 with the context that it has. Windows that are not complete get no
     * answer, and the segment that lasts is not told; one that is being computed in the background is waited for.
     *
     * @throws ClosedException as {@link #push(float[], int, int)}
     */
    public void reset() {
        requireNoListener();
        lock.lock();
        try {
            requireOpen();
            Throwable failure = background == null ? null : background.await();
            origin = Duration.ZERO;
            begin();
            answers.forget();
            rethrow(failure);
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many windows were left out so far because the one before them was still being computed.
     *
     * @return 0 of a stream that does not drop
     */
    public long dropped() {
        return background == null ? 0 : background.dropped();
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new ClosedException("the stream");
        }
        engine.requireOpen();
    }

    /** Asked before the lock is taken, which may be held by who waits for the listener. */
    private void requireNoListener() {
        if (lock.isHeldByCurrentThread() || (background != null && background.computesHere())) {
            throw new IllegalStateException("called by a listener of the stream, which may only close it");
        }
    }

    private void requireWanted() {
        if (closed.get()) {
            throw new CancelledException(SUBJECT, null);
        }
    }

    /**
     * Ends the stream at once, without an answer for what was not complete (which {@link #flush} gives). A window that
     * is being computed ends before the next step of the network, and no listener is called from then on except one
     * that is just being called. A second close does nothing. The classifier stays open.
     */
    @Override
    public void close() {
        closed.set(true);
    }

    /**
     * How live sound is to be classified.
     *
     * @param <P> the answer: {@link ScenePrediction}, or {@link EnsemblePrediction} of a {@link SceneEnsemble}
     */
    public static final class Builder<P> {
        private final SceneEngine engine;
        private final RecordingContext context;
        private final int sampleRate;
        private final List<String> labels;
        private final Function<List<WindowResults>, P> prediction;
        private final Function<P, ScenePrediction> scenes;
        private long hopSamples;
        private boolean drops;
        private SegmentationOptions segmentation = SegmentationOptions.defaults();

        Builder(
                SceneEngine engine,
                RecordingContext context,
                int sampleRate,
                List<String> labels,
                Function<List<WindowResults>, P> prediction,
                Function<P, ScenePrediction> scenes) {
            this.engine = engine;
            this.context = Objects.requireNonNull(context);
            this.sampleRate = sampleRate;
            this.labels = labels;
            this.prediction = prediction;
            this.scenes = scenes;
            hopSamples = engine.hopSamples();
        }

        /**
         * Sets the distance between windows, and so how often there is an answer.
         *
         * @param hop at least one frame, at most the window's length; by default the classifier's
         *     ({@link LoadOptions#windowHop})
         * @return this
         * @throws IllegalArgumentException if it does not fit the model
         */
        public Builder<P> hop(Duration hop) {
            hopSamples = Windows.hopSamples(hop, engine.features());
            return this;
        }

        /**
         * Sets how windows become segments. The windows' own answers are not smoothed.
         *
         * @param options by default {@link SegmentationOptions#defaults}
         * @return this
         */
        public Builder<P> smoothing(SegmentationOptions options) {
            segmentation = Objects.requireNonNull(options);
            return this;
        }

        /**
         * Makes {@link SceneStream#push} never wait: windows are computed on the classifier's threads, which call the
         * listeners, and those that become complete while the one before is still being computed are left out and
         * counted.
         *
         * @return this
         */
        public Builder<P> dropWhenBusy() {
            drops = true;
            return this;
        }

        /**
         * Opens the stream.
         *
         * @param listener told of each window, in the order of time
         * @return the stream, at time 0
         * @throws AudioException if the rate cannot be converted to the models'
         * @throws ContextException if the context does not fit a model
         * @throws ClosedException if the classifier is closed
         */
        public SceneStream open(Consumer<? super StreamWindow<P>> listener) {
            Objects.requireNonNull(listener, "listener");
            return new SceneStream(this, new StreamAnswers.OfWindows<>(prediction, listener), new AtomicBoolean());
        }

        /**
         * Opens a stream that also tells segments.
         *
         * @param listener told of each window, in the order of time
         * @param segments told of segments; of those that a window ends or begins, after that window
         * @return the stream, at time 0
         * @throws AudioException if the rate cannot be converted to the models'
         * @throws ContextException if the context does not fit a model
         * @throws ClosedException if the classifier is closed
         */
        public SceneStream open(Consumer<? super StreamWindow<P>> listener, SegmentListener segments) {
            Objects.requireNonNull(listener, "listener");
            Objects.requireNonNull(segments, "segments");
            AtomicBoolean closed = new AtomicBoolean();
            Segmenter segmenter = new Segmenter(labels, segmentation, new StreamAnswers.UntilClosed(closed, segments));
            return new SceneStream(
                    this,
                    new StreamAnswers.OfSegments<>(
                            new StreamAnswers.OfWindows<>(prediction, listener), segmenter, scenes),
                    closed);
        }
    }
}
