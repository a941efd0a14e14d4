package org.earshot;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.audio.MonoReader;
import org.earshot.audio.Resampler;
import org.earshot.audio.SampleSource;
import org.earshot.audio.Samples;
import org.earshot.error.AudioException;

/**
 * A recording in memory: mono PCM, full scale being [-1, 1], every sample finite. Immutable. Recordings too long to
 * hold are streamed instead, see {@link MonoReader}.
 */
public final class AudioClip {
    /** What is read into memory unless the caller sets other limits. */
    private static final AudioLimits IN_MEMORY = AudioLimits.defaults().withMaxDuration(Duration.ofMinutes(10));

    /** 256 MiB of samples, whatever the rate. */
    private static final int MAX_SAMPLES = 1 << 26;

    private static final int BLOCK = 1 << 16;
    /** What one step of 16 bits is, full scale being 1. */
    static final float PCM16_UNIT = 0x1p-15f;

    private final float[] pcm;
    private final int sampleRate;
    private final String source;
    private final List<AudioLoss> losses;

    private AudioClip(float[] pcm, int sampleRate, String source, List<AudioLoss> losses) {
        this.pcm = pcm;
        this.sampleRate = sampleRate;
        this.source = source;
        this.losses = losses;
    }

    /**
     * Reads a recording of at most ten minutes at its own sample rate; its channels are averaged. Of a damaged one it
     * has what can be decoded, and {@link #losses} says what cannot.
     *
     * @param file a WAV file, or of any format that a decoder is present for; of any file system
     * @return the recording
     * @throws AudioException if the file cannot be read, has a sample that is not a finite number, or is too long; of
     *     reason {@link AudioException.Reason#INTERRUPTED} if the thread is interrupted meanwhile, whose flag stays set
     */
    public static AudioClip read(Path file) {
        return read(() -> AudioFiles.open(file), file.toString(), IN_MEMORY);
    }

    /**
     * Reads a recording within limits of the caller's.
     *
     * @param file as in {@link #read(Path)}
     * @param limits bounds on file and sound; at most 2^26 samples are read whatever they say
     * @return the recording
     * @throws AudioException as {@link #read(Path)}, and of reason {@link AudioException.Reason#DAMAGED} at the first
     *     loss if the limits are strict
     */
    public static AudioClip read(Path file, AudioLimits limits) {
        return read(() -> AudioFiles.open(file, limits), file.toString(), limits);
    }

    /**
     * Reads a recording of at most ten minutes from memory, see {@link #read(Path)}.
     *
     * @param file the content of the whole file, not changed meanwhile
     * @param name what messages and {@link #source} call it
     * @return the recording
     * @throws AudioException as {@link #read(Path)}
     */
    public static AudioClip read(byte[] file, String name) {
        return read(() -> AudioFiles.open(file, name, AudioLimits.defaults()), name, IN_MEMORY);
    }

    /**
     * Reads a recording from a stream, see {@link #read(Path)}.
     *
     * @param in the content of the whole file, at most 256 MiB; read to its end, not closed
     * @param name what messages and {@link #source} call it
     * @param limits as in {@link #read(Path, AudioLimits)}
     * @return the recording
     * @throws AudioException as {@link #read(Path, AudioLimits)}; of an interrupt, the thread's flag is as the stream
     *     leaves it
     */
    public static AudioClip read(InputStream in, String name, AudioLimits limits) {
        return read(() -> AudioFiles.open(in, name, limits), name, limits);
    }

    private static AudioClip read(Supplier<AudioStream> open, String name, AudioLimits limits) {
        return CallThreads.once(() -> read(open.get(), name, limits));
    }

    private static AudioClip read(AudioStream stream, String name, AudioLimits limits) {
        int sampleRate = stream.sampleRate();
        try (MonoReader reader = MonoReader.of(stream, name, sampleRate)) {
            int most = (int) Math.min(MAX_SAMPLES, limits.maxFrames(sampleRate));
            float[] pcm = new float[BLOCK];
            int length = 0;
            for (int read = reader.read(pcm, 0, BLOCK); read > 0; read = reader.read(pcm, length, BLOCK)) {
                length += read;
                if (length > most) {
                    throw new AudioException(
                            AudioException.Reason.LIMIT,
                            name,
                            "more than " + most + " samples at " + sampleRate + " Hz",
                            "at most so many in memory; classify the Path instead, which streams it");
                }
                if (pcm.length - length < BLOCK) {
                    pcm = Arrays.copyOf(pcm, Math.min(2 * pcm.length, most + 2 * BLOCK));
                }
            }
            return new AudioClip(Arrays.copyOf(pcm, length), sampleRate, name, reader.losses());
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

    /**
     * Takes samples of 16 bits, as telephones and microphones give them.
     *
     * @param samples mono, full scale being 2^15; copied
     * @param sampleRate samples per second
     * @return the recording, as {@link #read} has it of a WAV file with these samples
     * @throws AudioException if the rate is not positive
     */
    public static AudioClip ofPcm16(short[] samples, int sampleRate) {
        float[] pcm = new float[samples.length];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = samples[i] * PCM16_UNIT;
        }
        return view(pcm, sampleRate);
    }

    /**
     * Takes samples of 16 bits as bytes, the channels of a frame side by side. The channels are averaged.
     *
     * @param littleEndian from its position to its limit, whatever order it is set to; copied, and left as it is
     * @param sampleRate frames per second
     * @param channels at least 1
     * @return the recording, as {@link #read} has it of a WAV file with these samples
     * @throws AudioException if the rate or the number of channels is not positive, or the last frame not whole
     */
    public static AudioClip ofPcm16(ByteBuffer littleEndian, int sampleRate, int channels) {
        if (channels < 1) {
            throw new AudioException(
                    AudioException.Reason.FORMAT, "channels", Integer.toString(channels), "at least 1");
        }
        ShortBuffer samples =
                littleEndian.slice().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        if (littleEndian.remaining() % Short.BYTES != 0 || samples.remaining() % channels != 0) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    "pcm",
                    littleEndian.remaining() + " bytes",
                    "whole frames of " + (long) Short.BYTES * channels + " bytes");
        }
        float[] pcm = new float[samples.remaining() / channels];
        for (int frame = 0; frame < pcm.length; frame++) {
            long sum = 0;
            for (int channel = 0; channel < channels; channel++) {
                sum += samples.get();
            }
            pcm[frame] = (float) ((double) sum * PCM16_UNIT / channels);
        }
        return view(pcm, sampleRate);
    }

    /** Takes PCM without copying it, for the length of a call. */
    static AudioClip view(float[] pcm, int sampleRate) {
        if (sampleRate <= 0) {
            throw new AudioException(AudioException.Reason.FORMAT, "sampleRate", sampleRate + " Hz", "a positive rate");
        }
        Samples.check("pcm", pcm);
        return new AudioClip(pcm, sampleRate, "pcm", List.of());
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
        return Samples.duration(pcm.length, sampleRate);
    }

    /**
     * Where the recording came from.
     *
     * @return the file's path, the name that it was given, or {@code "pcm"}
     */
    public String source() {
        return source;
    }

    /**
     * What of the recording could not be decoded.
     *
     * @return in the order of time; empty for an undamaged one
     */
    public List<AudioLoss> losses() {
        return losses;
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
                : new AudioClip(Resampler.resample(pcm, source, sampleRate, rate), rate, source, losses);
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
