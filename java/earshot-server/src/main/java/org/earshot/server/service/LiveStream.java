package org.earshot.server.service;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.earshot.RecordingContext;
import org.earshot.ScenePrediction;
import org.earshot.SceneStream;
import org.earshot.StreamWindow;
import org.earshot.features.FeatureParameters;
import org.earshot.segmentation.SegmentListener;

/** Live sound that comes in bytes. While it is open, its model is, whoever loads another. Thread-safe. */
public final class LiveStream implements AutoCloseable {
    private static final double NANOSECONDS = 1e9;

    private final SceneStream stream;
    private final boolean floats;
    private final CompletableFuture<Void> end;
    private final Runnable closing;
    /** What of a sample came at the end of the last bytes. */
    private final ByteBuffer rest = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    LiveStream(SceneStream stream, boolean floats, CompletableFuture<Void> end, Runnable closing) {
        this.stream = stream;
        this.floats = floats;
        this.end = end;
        this.closing = closing;
    }

    /**
     * How a stream is to be answered.
     *
     * @param context where and when it is recorded
     * @param sampleRate Hz
     * @param floats whether samples are float32; else they are integers of 16 bits; both little endian, mono
     * @param hop between windows
     */
    public record Options(RecordingContext context, int sampleRate, boolean floats, Duration hop) {}

    /** Opens the stream on a classifier that stays open until {@code end} is done. */
    @SuppressWarnings("FutureReturnValueIgnored") // It is the stream's end.
    static LiveStream open(
            ServedVersion version,
            Options options,
            Consumer<StreamWindow<ScenePrediction>> windows,
            SegmentListener segments,
            Runnable closing) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        SceneStream[] opened = new SceneStream[1];
        version.begin(classifier -> {
            try {
                opened[0] = classifier.stream(options.context(), options.sampleRate())
                        .hop(options.hop())
                        .open(windows, segments);
            } catch (IllegalArgumentException e) {
                FeatureParameters features = classifier.config().features();
                throw RequestException.invalid(
                        "hop",
                        options.hop().toNanos() / NANOSECONDS + " s",
                        (float) features.hopLength() / features.sampleRate() + " to "
                                + (float) features.windowSamples() / features.sampleRate()
                                + " s: from a frame of the model to its window");
            }
            return end;
        });
        return new LiveStream(opened[0], options.floats(), end, closing);
    }

    /**
     * Takes what has come, in whatever pieces: windows that become complete are answered before it returns.
     *
     * @param bytes from their position to their limit
     */
    public synchronized void push(ByteBuffer bytes) {
        int size = floats ? Float.BYTES : Short.BYTES;
        ByteBuffer all =
                ByteBuffer.allocate(rest.position() + bytes.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        all.put(rest.flip()).put(bytes).flip();
        if (floats) {
            float[] samples = new float[all.remaining() / size];
            all.asFloatBuffer().get(samples);
            all.position(samples.length * size);
            stream.push(samples, 0, samples.length);
        } else {
            stream.push(all);
        }
        rest.clear().put(all);
    }

    /**
     * Answers the rest, and tells the last segment.
     *
     * @throws RequestException if the last sample is not whole, once that is done: it is likely that the others are
     *     none either
     */
    public synchronized void finish() {
        stream.flush();
        if (rest.position() > 0) {
            throw RequestException.invalid(
                    "stream",
                    "its end " + rest.position() + " bytes behind the last sample",
                    "samples of " + (floats ? Float.BYTES : Short.BYTES) + " bytes, the last one whole");
        }
    }

    /** Ends the stream at once. A second call does nothing. */
    @Override
    public void close() {
        stream.close();
        if (end.complete(null)) {
            closing.run();
        }
    }
}
