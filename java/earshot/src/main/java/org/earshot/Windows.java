package org.earshot;

import java.time.Duration;
import java.util.Arrays;
import org.earshot.audio.SampleSource;
import org.earshot.audio.Samples;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;

/**
 * Cuts a stream of PCM into windows of the model's length. A stream that fills no more frames than a clip whose surplus
 * frame is cut (500 of 501) is one window, whatever its length. Of a live source a window is there as soon as its
 * samples are; the first one a frame later, when it is known not to be the last.
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
    private boolean ended;
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

    /**
     * The distance of windows in samples.
     *
     * @throws IllegalArgumentException if it does not fit the model
     */
    static long hopSamples(Duration hop, FeatureParameters features) {
        long window = features.windowSamples();
        int rate = features.sampleRate();
        Duration longest = Duration.ofNanos(Math.round(window * 1e9 / rate));
        // Compared first: a duration of centuries has no number of nanoseconds.
        boolean within = !hop.isNegative() && hop.compareTo(longest) <= 0;
        double samples = within ? hop.toNanos() * 1e-9 * rate : 0;
        if (samples < features.hopLength()) {
            throw new IllegalArgumentException(
                    "window hop " + hop + "; expected at least one frame and at most " + longest);
        }
        return Math.round(samples);
    }

    /**
     * Moves to the next window, the first at first; false behind the last one, and if a live source has not come to the
     * next one's end.
     */
    boolean next() {
        if (last) {
            return false;
        }
        fill();
        if (start < 0) {
            return first();
        }
        int beyond = filled - window;
        if (beyond >= hop) {
            move(hop);
            return true;
        }
        // If the recording ended inside the next hop, a last window ends where it does.
        last = ended;
        if (!ended || beyond < window / 10) {
            return false;
        }
        move(beyond);
        return true;
    }

    private boolean first() {
        boolean fits = filled < window + parameters.hopLength();
        if (fits && !ended) {
            return false;
        }
        last = fits;
        if (filled == 0) {
            throw new AudioException(
                    AudioException.Reason.FORMAT, subject, "no samples", "a recording that is not empty");
        }
        start = 0;
        length = last ? filled : window;
        return true;
    }

    private void move(int samples) {
        System.arraycopy(buffer, samples, buffer, 0, filled - samples);
        filled -= samples;
        start += samples;
    }

    private void fill() {
        while (!ended && filled < capacity) {
            if (filled == buffer.length) {
                buffer = Arrays.copyOf(buffer, (int) Math.min(capacity, 2L * buffer.length));
            }
            int count = reader.read(buffer, filled, Math.min(capacity, buffer.length) - filled);
            if (count == 0) {
                return;
            }
            ended = count < 0;
            filled += Math.max(0, count);
        }
    }

    /** The window that was moved to last. Its samples are valid until the next one is moved to. */
    SoundWindow current() {
        int rate = parameters.sampleRate();
        return new SoundWindow(
                subject, buffer, length, start, Samples.duration(start, rate), Samples.duration(length, rate));
    }

    /** The memory that the windows are cut in. */
    float[] buffer() {
        return buffer;
    }
}
