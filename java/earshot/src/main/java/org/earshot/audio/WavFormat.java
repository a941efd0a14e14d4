package org.earshot.audio;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.earshot.AudioException;

/** The fmt chunk of a WAV file: WAVEFORMATEX, or WAVEFORMATEXTENSIBLE whose sub-format says the same. */
record WavFormat(int sampleRate, int channels, SampleCoding coding) {
    /** Bytes of a WAVEFORMATEXTENSIBLE, the most that is read. */
    static final int EXTENSIBLE_BYTES = 40;

    private static final int MIN_BYTES = 16;
    private static final int INTEGER_PCM = 1;
    private static final int FLOAT_PCM = 3;
    private static final int EXTENSIBLE = 0xfffe;
    private static final int SUB_FORMAT_OFFSET = 24;

    /** By bytes a sample, less one. */
    private static final SampleCoding[] INTEGERS = {
        SampleCoding.UNSIGNED_8, SampleCoding.SIGNED_16, SampleCoding.SIGNED_24, SampleCoding.SIGNED_32
    };

    static WavFormat parse(Path file, ByteBuffer chunk) {
        String subject = file + ", fmt chunk";
        if (chunk.limit() < MIN_BYTES) {
            throw new AudioException(
                    AudioException.Reason.DAMAGED, subject, chunk.limit() + " bytes", "at least " + MIN_BYTES);
        }
        int tag = Short.toUnsignedInt(chunk.getShort(0));
        if (tag == EXTENSIBLE) {
            if (chunk.limit() < EXTENSIBLE_BYTES) {
                throw new AudioException(
                        AudioException.Reason.DAMAGED,
                        subject,
                        "WAVE_FORMAT_EXTENSIBLE in " + chunk.limit() + " bytes",
                        "at least " + EXTENSIBLE_BYTES);
            }
            tag = chunk.getInt(SUB_FORMAT_OFFSET);
        }
        int channels = Short.toUnsignedInt(chunk.getShort(2));
        if (channels == 0) {
            throw new AudioException(AudioException.Reason.DAMAGED, subject, "0 channels", "at least 1");
        }
        int sampleRate = chunk.getInt(4);
        if (sampleRate <= 0) {
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    subject,
                    "a sample rate of " + Integer.toUnsignedString(sampleRate) + " Hz",
                    "1 to " + Integer.MAX_VALUE + " Hz");
        }
        int frameBytes = Short.toUnsignedInt(chunk.getShort(12));
        int bits = Short.toUnsignedInt(chunk.getShort(14));
        int sampleBytes = (bits + 7) / 8;
        if (frameBytes != channels * sampleBytes) {
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    subject,
                    frameBytes + " bytes a frame (" + channels + " channels of " + bits + " bits)",
                    (channels * sampleBytes) + " bytes");
        }
        return new WavFormat(sampleRate, channels, coding(subject, tag, bits, sampleBytes));
    }

    /** Odd depths such as 12 or 20 bits are left-justified in whole bytes, so they read as the next full depth. */
    private static SampleCoding coding(String subject, int tag, int bits, int sampleBytes) {
        if (tag == INTEGER_PCM && sampleBytes >= 1 && sampleBytes <= 4) {
            return INTEGERS[sampleBytes - 1];
        }
        if (tag == FLOAT_PCM && bits == 32) {
            return SampleCoding.FLOAT_32;
        }
        if (tag == FLOAT_PCM && bits == 64) {
            return SampleCoding.FLOAT_64;
        }
        throw new AudioException(
                AudioException.Reason.FORMAT,
                subject,
                String.format("format tag 0x%04X with %d bits", tag, bits),
                "integers of 8, 16, 24 or 32 bits (tag 1) or floating point of 32 or 64 bits (tag 3)");
    }
}
