package org.earshot;

import java.time.Duration;
import org.earshot.audio.SampleSource;
import org.earshot.features.FeatureParameters;

/**
 * Cuts a stream of PCM into windows of the model's length. A stream that fills no more frames than a clip whose surplus
 * frame is cut (500 of 501) is one window, whatever its length.
 */
final class Windows {
    private final SampleSource reader;
    private final String subject;
    private final FeatureParameters parameters;
    private final int window;
    private final int hop;
    private float[] buffer;
    private int filled;
    private int length;
    private long start = -1;
    private boolean last;

    Windows(SampleSource reader, String subject, FeatureParameters parameters, long hopSamples) {
        this.reader = reader;
        this.subject = subject;
        this.parameters = parameters;
        this.window = parameters.windowSamples();
        this.hop = Math.toIntExact(hopSamples);
    }

    /** The recording's name, for messages. */
    String subject() {
        return subject;
    }

    /**
     * Moves to the next window, the first at first; false behind the last. The buffer is reused by the caller's turn.
     */
    boolean next(float[] workspace) {
        if (start < 0) {
            buffer = workspace;
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
        while (size < buffer.length) {
            int count = reader.read(buffer, size, buffer.length - size);
            if (count < 0) {
                break;
            }
            size += count;
        }
        return size;
    }

    /** Samples of workspace that {@link #next} needs for given parameters. */
    int workspace() {
        return Math.addExact(window, hop);
    }

    /** Samples in the window, which begins where the workspace does. */
    int length() {
        return length;
    }

    /** Where the window starts in the recording. */
    Duration start() {
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
