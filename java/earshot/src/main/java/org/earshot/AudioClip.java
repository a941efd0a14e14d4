package org.earshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioStream;
import org.earshot.audio.MonoReader;
import org.earshot.audio.Resampler;
import org.earshot.audio.SampleSource;
import org.earshot.audio.Samples;

/**
 * A recording in memory: mono PCM, full scale being [-1, 1], every sample finite. Immutable. Recordings too long to
 * hold are streamed instead, see {@link MonoReader}.
 */
public final class AudioClip {
    private static final int MAX_SECONDS = 600;

    /** 256 MiB of samples, whatever the rate. */
    private static final int MAX_SAMPLES = 1 << 26;

    private static final int BLOCK = 1 << 16;

    private final float[] pcm;
    private final int sampleRate;
    private final String source;

    private AudioClip(float[] pcm, int sampleRate, String source) {
        this.pcm = pcm;
        this.sampleRate = sampleRate;
        this.source = source;
    }

    /**
     * Reads a recording of at most ten minutes at its own sample rate; its channels are averaged.
     *
     * @param file a WAV file, or of any format that a decoder is present for
     * @return the recording
     * @throws AudioException if the file cannot be read, has a sample that is not a finite number, or is too long
     */
    public static AudioClip read(Path file) {
        AudioStream stream = AudioFiles.open(file);
        int sampleRate = stream.sampleRate();
        try (MonoReader reader = MonoReader.of(stream, file.toString(), sampleRate)) {
            int most = (int) Math.min((long) MAX_SECONDS * sampleRate, MAX_SAMPLES);
            float[] pcm = new float[BLOCK];
            int length = 0;
            for (int read = reader.read(pcm, 0, BLOCK); read > 0; read = reader.read(pcm, length, BLOCK)) {
                length += read;
                if (length > most) {
                    throw new AudioException(
                            AudioException.Reason.LIMIT,
                            file,
                            "more than " + most + " samples at " + sampleRate + " Hz",
                            "at most " + MAX_SECONDS + " s and " + MAX_SAMPLES
                                    + " samples in memory; classify the Path instead, which streams it");
                }
                if (pcm.length - length < BLOCK) {
                    pcm = Arrays.copyOf(pcm, Math.min(2 * pcm.length, most + 2 * BLOCK));
                }
            }
            return new AudioClip(Arrays.copyOf(pcm, length), sampleRate, file.toString());
        }
    }

    /**
     * Takes PCM that the caller has.
     *
     * @param pcm mono samples, full scale being [-1, 1]; copied
     * @param sampleRate samples per second
     * @return the recording
     * @throws AudioException if the rate is not positive, or a sample is not a finite number
     */
    public static AudioClip of(float[] pcm, int sampleRate) {
        return view(pcm.clone(), sampleRate);
    }

    /** Takes PCM without copying it, for the length of a call. */
    static AudioClip view(float[] pcm, int sampleRate) {
        if (sampleRate <= 0) {
            throw new AudioException(AudioException.Reason.FORMAT, "sampleRate", sampleRate + " Hz", "a positive rate");
        }
        Samples.check("pcm", pcm);
        return new AudioClip(pcm, sampleRate, "pcm");
    }

    /**
     * Number of samples.
     *
     * @return at least 0
     */
    public int samples() {
        return pcm.length;
    }

    /**
     * Samples per second.
     *
     * @return a positive number of Hz
     */
    public int sampleRate() {
        return sampleRate;
    }

    /**
     * How long the recording is.
     *
     * @return samples / sample rate, to the nanosecond
     */
    public Duration duration() {
        return Duration.ofSeconds(pcm.length / sampleRate, pcm.length % sampleRate * 1_000_000_000L / sampleRate);
    }

    /**
     * Where the recording came from.
     *
     * @return the file's path, or {@code "pcm"}
     */
    public String source() {
        return source;
    }

    /**
     * The samples.
     *
     * @return a copy, of {@link #samples} elements
     */
    public float[] pcm() {
        return pcm.clone();
    }

    /**
     * This recording at another sample rate.
     *
     * @param rate rate wanted, Hz
     * @return this if it has that rate already, else a new recording
     * @throws AudioException if the rate cannot be converted, see {@link Resampler#of}
     */
    public AudioClip resampled(int rate) {
        return rate == sampleRate
                ? this
                : new AudioClip(Resampler.resample(pcm, source, sampleRate, rate), rate, source);
    }

    /** The samples as a stream at a wanted rate. */
    SampleSource reader(int rate) {
        return Resampler.of(new Cursor(), source, sampleRate, rate);
    }

    private final class Cursor implements SampleSource {
        private int position;

        @Override
        public int read(float[] target, int offset, int length) {
            int count = Math.min(length, pcm.length - position);
            if (count == 0) {
                return -1;
            }
            System.arraycopy(pcm, position, target, offset, count);
            position += count;
            return count;
        }
    }

    /**
     * For messages.
     *
     * @return source, length and rate
     */
    @Override
    public String toString() {
        return source + " (" + samples() + " samples at " + sampleRate + " Hz)";
    }
}
