package org.earshot.audio;

import java.time.Duration;
import java.util.Locale;
import org.earshot.error.AudioException;

/** What a sample may be. */
public final class Samples {
    /**
     * Full scale is 1; float files whose writer forgot to scale 32-bit integers reach 2^31. Anything beyond is damage,
     * and would overflow to infinity further on.
     */
    private static final float LIMIT = 0x1p32f;

    /** The expectation that messages state. */
    static final String EXPECTED = "finite samples (full scale is 1, at most 2^32)";

    /** Most elements that every JVM can put into an array. */
    static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private Samples() {}

    /** Whether a sample is finite and of a believable size. */
    static boolean isUsable(float sample) {
        return Math.abs(sample) <= LIMIT;
    }

    /**
     * How long samples last.
     *
     * @param samples of one channel, at least 0
     * @param sampleRate Hz
     * @return samples / sample rate, to the nanosecond
     */
    public static Duration duration(long samples, int sampleRate) {
        return Duration.ofSeconds(samples / sampleRate, samples % sampleRate * 1_000_000_000L / sampleRate);
    }

    /**
     * Checks PCM that did not come through a {@link MonoReader}.
     *
     * @param subject what messages call the recording
     * @param pcm samples, full scale being [-1, 1]
     * @throws AudioException if a sample is NaN, infinite or beyond 2^32, with its index
     */
    public static void check(String subject, float[] pcm) {
        for (int i = 0; i < pcm.length; i++) {
            if (!isUsable(pcm[i])) {
                throw new AudioException(
                        AudioException.Reason.DAMAGED, subject, "sample " + pcm[i] + " at index " + i, EXPECTED);
            }
        }
    }

    /**
     * Checks a piece of a recording.
     *
     * @param subject what messages call the recording
     * @param pcm samples, full scale being [-1, 1]
     * @param offset of the piece's first sample in {@code pcm}
     * @param length samples in the piece
     * @param before samples of the recording before the piece
     * @param sampleRate Hz
     * @throws AudioException as {@link #check(String, float[])}, with its place in the recording
     */
    public static void check(String subject, float[] pcm, int offset, int length, long before, int sampleRate) {
        for (int i = 0; i < length; i++) {
            if (!isUsable(pcm[offset + i])) {
                throw unusable(subject, pcm[offset + i], before + i, sampleRate, "");
            }
        }
    }

    /** The error about a sample that is not usable, with where it is besides its frame. */
    static AudioException unusable(String subject, float sample, long frame, int sampleRate, String where) {
        String found = String.format(
                Locale.ROOT, "sample %s at frame %d (%.3f s)%s", sample, frame, (double) frame / sampleRate, where);
        return new AudioException(AudioException.Reason.DAMAGED, subject, found, EXPECTED);
    }
}
