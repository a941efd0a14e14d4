package org.earshot.audio;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.earshot.error.AudioException;

/**
 * A recording as the features want it: mono (the channels' average), at one sample rate, block by block, every sample
 * checked. Memory does not depend on the recording's length. Not thread-safe.
 */
public final class MonoReader implements SampleSource, AutoCloseable {
    private final AudioStream stream;
    private final SampleSource samples;
    private final int sampleRate;

    private MonoReader(AudioStream stream, SampleSource samples, int sampleRate) {
        this.stream = stream;
        this.samples = samples;
        this.sampleRate = sampleRate;
    }

    /**
     * Opens a recording within the default limits.
     *
     * @param file the recording, of any format that {@link AudioFiles#open} knows
     * @param sampleRate rate to deliver, Hz
     * @return its samples, which the caller closes
     * @throws AudioException if it cannot be read, or its rate cannot be converted to the one wanted
     */
    public static MonoReader open(Path file, int sampleRate) {
        return open(file, sampleRate, AudioLimits.defaults());
    }

    /**
     * Opens a recording.
     *
     * @param file the recording, of any format that {@link AudioFiles#open} knows
     * @param sampleRate rate to deliver, Hz
     * @param limits bounds that also hold while it is read
     * @return its samples, which the caller closes
     * @throws AudioException if it cannot be read, or its rate cannot be converted to the one wanted
     */
    public static MonoReader open(Path file, int sampleRate, AudioLimits limits) {
        return of(AudioFiles.open(file, limits), file.toString(), sampleRate);
    }

    /**
     * Reads a stream that is already open.
     *
     * @param stream the recording; the reader takes it over and closes it, also when this method throws
     * @param subject what messages call the recording, for example its file name
     * @param sampleRate rate to deliver, Hz
     * @return its samples, which the caller closes
     * @throws AudioException if the stream's rate cannot be converted to the one wanted
     */
    public static MonoReader of(AudioStream stream, String subject, int sampleRate) {
        Objects.requireNonNull(subject, "subject");
        try {
            SampleSource mono = new MonoMixer(stream, subject);
            return new MonoReader(stream, Resampler.of(mono, subject, stream.sampleRate(), sampleRate), sampleRate);
        } catch (Throwable e) {
            stream.close();
            throw e;
        }
    }

    /**
     * Rate of the samples read.
     *
     * @return the rate that was asked for, Hz
     */
    public int sampleRate() {
        return sampleRate;
    }

    /**
     * Reads the next samples, as many as asked for unless the recording ends first.
     *
     * @param target receives the samples
     * @param offset index of the first sample to write
     * @param length samples wanted, at least 1
     * @return samples read, less than {@code length} only at the end, or -1 if there are none left
     * @throws AudioException if the recording turns out to be damaged, or a sample is not a finite number
     */
    @Override
    public int read(float[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        int filled = 0;
        while (filled < length) {
            int read = samples.read(target, offset + filled, length - filled);
            if (read < 0) {
                break;
            }
            filled += read;
        }
        return filled == 0 ? -1 : filled;
    }

    /**
     * What could not be decoded so far, see {@link AudioStream#losses}.
     *
     * @return in the order of time
     */
    public List<AudioLoss> losses() {
        return StreamContract.losses(stream);
    }

    /** Closes the recording. A second call does nothing. */
    @Override
    public void close() {
        stream.close();
    }
}
