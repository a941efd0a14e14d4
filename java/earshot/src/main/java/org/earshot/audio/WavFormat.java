package org.earshot.audio;

import java.nio.ByteBuffer;
import org.earshot.error.AudioException;

/**
 * The fmt chunk of a WAV file: WAVEFORMATEX, or WAVEFORMATEXTENSIBLE whose sub-format says the same. Channels, bits and
 * the coding decide how the data are read. The byte rate and the valid bits say nothing more and are not read; the
 * bytes of a frame are, for data whose samples lie in wider containers than their bits need.
 *
 * @param tag the coding, as registered
 * @param sampleRate Hz
 * @param channels at least 1
 * @param bits of a sample
 * @param frameBytes what the header says; often wrong
 */
record WavFormat(int tag, int sampleRate, int channels, int bits, int frameBytes) {
    /** Bytes of a WAVEFORMATEXTENSIBLE, the most that is read. */
    static final int EXTENSIBLE_BYTES = 40;

    private static final int MIN_BYTES = 16;
    private static final int INTEGER_PCM = 1;
    private static final int FLOAT_PCM = 3;
    private static final int A_LAW = 6;
    private static final int MU_LAW = 7;
    private static final int EXTENSIBLE = 0xfffe;
    private static final int SUB_FORMAT_OFFSET = 24;

    /** By bytes a sample, less one. */
    private static final SampleCoding[] INTEGERS = {
        SampleCoding.UNSIGNED_8, SampleCoding.SIGNED_16, SampleCoding.SIGNED_24, SampleCoding.SIGNED_32
    };

    static WavFormat parse(String name, ByteBuffer chunk) {
        String subject = name + ", fmt chunk";
        if (chunk.limit() < MIN_BYTES) {
            throw damaged(subject, chunk.limit() + " bytes", "at least " + MIN_BYTES);
        }
        int tag = Short.toUnsignedInt(chunk.getShort(0));
        if (tag == EXTENSIBLE) {
            if (chunk.limit() < EXTENSIBLE_BYTES) {
                throw damaged(
                        subject,
                        "WAVE_FORMAT_EXTENSIBLE in " + chunk.limit() + " bytes",
                        "at least " + EXTENSIBLE_BYTES);
            }
            tag = chunk.getInt(SUB_FORMAT_OFFSET);
        }
        int channels = Short.toUnsignedInt(chunk.getShort(2));
        if (channels == 0) {
            throw damaged(subject, "0 channels", "at least 1");
        }
        int sampleRate = chunk.getInt(4);
        if (sampleRate <= 0) {
            throw damaged(
                    subject,
                    "a sample rate of " + Integer.toUnsignedString(sampleRate) + " Hz",
                    "1 to " + Integer.MAX_VALUE + " Hz");
        }
        WavFormat format = new WavFormat(
                tag,
                sampleRate,
                channels,
                Short.toUnsignedInt(chunk.getShort(14)),
                Short.toUnsignedInt(chunk.getShort(12)));
        format.checkBits(subject);
        return format;
    }

    private void checkBits(String subject) {
        boolean integers = tag == INTEGER_PCM;
        if ((integers || tag == FLOAT_PCM) && coding() == null) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    subject,
                    (integers ? "integers of " : "floating point of ") + bits + " bits",
                    integers ? "1 to 32 bits" : "32 or 64 bits");
        }
    }

    /**
     * How a sample is coded; null if not in one of the ways that are decoded here. Odd depths such as 12 or 20 bits are
     * left-justified in whole bytes, so they read as the next full depth.
     */
    SampleCoding coding() {
        return switch (tag) {
            case INTEGER_PCM -> bits >= 1 && bits <= 32 ? INTEGERS[(bits - 1) / 8] : null;
            case FLOAT_PCM -> bits == 32 ? SampleCoding.FLOAT_32 : bits == 64 ? SampleCoding.FLOAT_64 : null;
            case A_LAW -> SampleCoding.A_LAW;
            case MU_LAW -> SampleCoding.MU_LAW;
            default -> null;
        };
    }

    /** Bytes of a wider container that integers may lie in, going by the bytes of a frame; 0 if they cannot. */
    int containerBytes() {
        int bytes = frameBytes / channels;
        boolean wider = tag == INTEGER_PCM
                && frameBytes == bytes * channels
                && bytes <= INTEGERS.length
                && bytes > coding().bytes();
        return wider ? bytes : 0;
    }

    /** The integers of a given width. */
    static SampleCoding integers(int bytes) {
        return INTEGERS[bytes - 1];
    }

    /** The coding in words, for messages. */
    String codingName() {
        return WavCodings.name(tag);
    }

    private static AudioException damaged(String subject, String found, String expected) {
        return new AudioException(AudioException.Reason.DAMAGED, subject, found, expected);
    }
}
