package org.earshot.audio;

import java.time.Duration;
import java.util.Objects;
import org.earshot.error.AudioException;

/**
 * The bounds that a recording is read in, so that a small or hostile file cannot take a service's time and memory.
 * Immutable; each {@code with} method gives a copy with one bound changed.
 *
 * <p>What goes beyond a bound is an {@link AudioException} of reason {@link AudioException.Reason#LIMIT}.
 */
public final class AudioLimits {
    private static final AudioLimits DEFAULTS = new AudioLimits(Duration.ofDays(2), 64L << 30, 1000, false);

    /** Sound that a file may always hold, whatever its size: some formats code silence in next to nothing. */
    private static final Duration ALWAYS_ALLOWED = Duration.ofMinutes(10);

    private final Duration maxDuration;
    private final long maxBytes;
    private final int maxSamplesPerByte;
    private final boolean strict;

    private AudioLimits(Duration maxDuration, long maxBytes, int maxSamplesPerByte, boolean strict) {
        this.maxDuration = maxDuration;
        this.maxBytes = maxBytes;
        this.maxSamplesPerByte = maxSamplesPerByte;
        this.strict = strict;
    }

    /**
     * The bounds that hold where none are given: 48 hours of sound, 64 GiB of file, 1000 samples out of each byte, and
     * damage is reported, not refused.
     *
     * @return always the same
     */
    public static AudioLimits defaults() {
        return DEFAULTS;
    }

    /**
     * Bounds the length of the sound.
     *
     * @param longest more than zero
     * @return a copy with this bound
     */
    public AudioLimits withMaxDuration(Duration longest) {
        if (longest.isZero() || longest.isNegative()) {
            throw new IllegalArgumentException("maxDuration: found " + longest + "; expected more than zero");
        }
        return new AudioLimits(longest, maxBytes, maxSamplesPerByte, strict);
    }

    /**
     * Bounds the size of the file.
     *
     * @param most bytes, at least 1
     * @return a copy with this bound
     */
    public AudioLimits withMaxBytes(long most) {
        requirePositive("maxBytes", most);
        return new AudioLimits(maxDuration, most, maxSamplesPerByte, strict);
    }

    /**
     * Bounds how much sound comes out of how much file. Music and speech give up to about 100 samples a byte, digital
     * silence up to about 1000. The first ten minutes of sound are not bounded.
     *
     * @param most samples of all channels together for each byte of the file, at least 1
     * @return a copy with this bound
     */
    public AudioLimits withMaxSamplesPerByte(int most) {
        requirePositive("maxSamplesPerByte", most);
        return new AudioLimits(maxDuration, maxBytes, most, strict);
    }

    /**
     * Chooses what happens to a damaged recording.
     *
     * @param refuse true to refuse it with reason {@link AudioException.Reason#DAMAGED} at its first {@link AudioLoss};
     *     false, the default, to decode on and report what was lost
     * @return a copy with this choice
     */
    public AudioLimits withStrict(boolean refuse) {
        return new AudioLimits(maxDuration, maxBytes, maxSamplesPerByte, refuse);
    }

    /**
     * Longest sound.
     *
     * @return more than zero
     */
    public Duration maxDuration() {
        return maxDuration;
    }

    /**
     * Largest file.
     *
     * @return bytes, at least 1
     */
    public long maxBytes() {
        return maxBytes;
    }

    /**
     * Most samples out of each byte, behind the first ten minutes.
     *
     * @return samples of all channels together, at least 1
     */
    public int maxSamplesPerByte() {
        return maxSamplesPerByte;
    }

    /**
     * Whether damage is refused.
     *
     * @return false if it is decoded as far as possible and reported
     */
    public boolean strict() {
        return strict;
    }

    /**
     * How many frames a recording may have: the smaller of the bounds on its length and on its ratio to the file.
     *
     * @param bytes of the file
     * @param sampleRate Hz
     * @param channels at least 1
     * @return frames
     */
    public long maxFrames(long bytes, int sampleRate, int channels) {
        return Math.min(maxFrames(sampleRate), framesByRatio(bytes, sampleRate, channels));
    }

    /**
     * The most frames of a recording whose size is not known.
     *
     * @param sampleRate Hz
     * @return frames
     */
    public long maxFrames(int sampleRate) {
        return frames(maxDuration, sampleRate);
    }

    private long framesByRatio(long bytes, int sampleRate, int channels) {
        double samples = (double) bytes * maxSamplesPerByte;
        return Math.max(frames(ALWAYS_ALLOWED, sampleRate), (long) (samples / channels));
    }

    /** How many frames a duration has, the last one perhaps in part. */
    private static long frames(Duration duration, int sampleRate) {
        double frames = duration.getSeconds() * (double) sampleRate + duration.getNano() * 1e-9 * sampleRate;
        return (long) Math.ceil(frames);
    }

    private static void requirePositive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": found " + value + "; expected at least 1");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AudioLimits limits
                && maxDuration.equals(limits.maxDuration)
                && maxBytes == limits.maxBytes
                && maxSamplesPerByte == limits.maxSamplesPerByte
                && strict == limits.strict;
    }

    @Override
    public int hashCode() {
        return Objects.hash(maxDuration, maxBytes, maxSamplesPerByte, strict);
    }

    @Override
    public String toString() {
        return "AudioLimits[" + maxDuration + ", " + maxBytes + " bytes, " + maxSamplesPerByte + " samples a byte"
                + (strict ? ", strict]" : "]");
    }
}
