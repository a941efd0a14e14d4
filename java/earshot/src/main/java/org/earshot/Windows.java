package org.earshot;

import java.time.Duration;
import java.util.Arrays;
import org.earshot.audio.SampleSource;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;

/**
 * Cuts a stream of PCM into windows of the model's length. A stream that fills no more frames than a clip whose surplus
 * frame is cut (500 of 501) is one window, whatever its length.
 */
final class Windows {
    /** Samples there is room for at first; the buffer then grows as the recording turns out to be longer. */
    private static final int FIRST_ROOM = 1 << 16;

    private final SampleSource reader;
    private final String subject;
    private final FeatureParameters parameters;
    private final int window;
    private final int hop;
    /** Samples that are needed at once: a window, and the hop behind it. */
    private final int capacity;

    private float[] buffer;
    private int filled;
    private int length;
    private long start = -1;
    private boolean last;

    /**
     * Starts before the first window.
     *
     * @param hopSamples distance of the windows
     * @param spare of any length, to be used as the buffer if it is long enough
     */
    Windows(SampleSource reader, String subject, FeatureParameters parameters, long hopSamples, float... spare) {
        this.reader = reader;
        this.subject = subject;
        this.parameters = parameters;
        this.window = parameters.windowSamples();
        this.hop = Math.toIntExact(hopSamples);
        capacity = Math.addExact(window, hop);
        int room = Math.min(capacity, FIRST_ROOM);
        buffer = spare.length < room ? new float[room] : spare;
    }

    /** The recording's name, for messages. */
    String subject() {
        return subject;
    }

    /** Moves to the next window, the first at first; false behind the last. */
    boolean next() {
        if (start < 0) {
            start = 0;
            filled = fill(0);
            if (filled == 0) {
                throw new AudioException(
                        AudioException.Reason.FORMAT, subject, "no samples", "a recording that is not empty");
            }
            last = filled < window + parameters.hopLength();
            length = last ? filled : window;
            return true;
        }
        if (last) {
            return false;
        }
        int beyond = filled - window;
        if (beyond >= hop) {
            System.arraycopy(buffer, hop, buffer, 0, filled - hop);
            filled = fill(filled - hop);
            start += hop;
            return true;
        }
        // The recording ended inside the next hop: a last window ends where it does.
        last = true;
        if (beyond < window / 10) {
            return false;
        }
        System.arraycopy(buffer, beyond, buffer, 0, window);
        start += beyond;
        return true;
    }

    private int fill(int from) {
        int size = from;
        while (size < capacity) {
            if (size == buffer.length) {
                buffer = Arrays.copyOf(buffer, (int) Math.min(capacity, 2L * buffer.length));
            }
            int count = reader.read(buffer, size, Math.min(capacity, buffer.length) - size);
            if (count < 0) {
                break;
            }
            size += count;
        }
        return size;
    }

    /** The samples, of which the window is the first {@link #length}. Valid until the next one is moved to. */
    float[] buffer() {
        return buffer;
    }

    /** Samples in the window. */
    int length() {
        return length;
    }

    /** Samples of the recording before the window. */
    long start() {
        return start;
    }

    /** Where the window starts in the recording. */
    Duration startTime() {
        return seconds(start);
    }

    /** How long the window is. */
    Duration duration() {
        return seconds(length);
    }

    private Duration seconds(long samples) {
        long rate = parameters.sampleRate();
        return Duration.ofSeconds(samples / rate, samples % rate * 1_000_000_000L / rate);
    }
}
