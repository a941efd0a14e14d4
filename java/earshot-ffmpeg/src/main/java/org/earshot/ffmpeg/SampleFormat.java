package org.earshot.ffmpeg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;

/**
 * How FFmpeg's decoders give samples, and what they are as floats of full scale [-1, 1]: the values that libswresample
 * converts them to.
 */
enum SampleFormat {
    UNSIGNED_8(1) {
        @Override
        float get(ByteBuffer samples, int index) {
            return ((samples.get(index) & 0xff) - 128) * 0x1p-7f;
        }
    },
    SIGNED_16(2) {
        @Override
        float get(ByteBuffer samples, int index) {
            return samples.getShort(2 * index) * 0x1p-15f;
        }
    },
    SIGNED_32(4) {
        @Override
        float get(ByteBuffer samples, int index) {
            return samples.getInt(4 * index) * 0x1p-31f;
        }
    },
    SIGNED_64(8) {
        @Override
        float get(ByteBuffer samples, int index) {
            return samples.getLong(8 * index) * 0x1p-63f;
        }
    },
    FLOAT_32(4) {
        @Override
        float get(ByteBuffer samples, int index) {
            return samples.getFloat(4 * index);
        }
    },
    FLOAT_64(8) {
        @Override
        float get(ByteBuffer samples, int index) {
            return (float) samples.getDouble(8 * index);
        }
    };

    private static final Map<Integer, SampleFormat> BY_NUMBER = Map.ofEntries(
            Map.entry(avutil.AV_SAMPLE_FMT_U8, UNSIGNED_8),
            Map.entry(avutil.AV_SAMPLE_FMT_S16, SIGNED_16),
            Map.entry(avutil.AV_SAMPLE_FMT_S32, SIGNED_32),
            Map.entry(avutil.AV_SAMPLE_FMT_S64, SIGNED_64),
            Map.entry(avutil.AV_SAMPLE_FMT_FLT, FLOAT_32),
            Map.entry(avutil.AV_SAMPLE_FMT_DBL, FLOAT_64),
            Map.entry(avutil.AV_SAMPLE_FMT_U8P, UNSIGNED_8),
            Map.entry(avutil.AV_SAMPLE_FMT_S16P, SIGNED_16),
            Map.entry(avutil.AV_SAMPLE_FMT_S32P, SIGNED_32),
            Map.entry(avutil.AV_SAMPLE_FMT_S64P, SIGNED_64),
            Map.entry(avutil.AV_SAMPLE_FMT_FLTP, FLOAT_32),
            Map.entry(avutil.AV_SAMPLE_FMT_DBLP, FLOAT_64));

    private final int bytes;

    SampleFormat(int bytes) {
        this.bytes = bytes;
    }

    /** One sample, in the machine's byte order. */
    abstract float get(ByteBuffer samples, int index);

    /** The format of a frame, or null if there is none of this number. */
    static SampleFormat of(AVFrame frame) {
        return BY_NUMBER.get(frame.format());
    }

    /** Interleaves a frame's samples. */
    void convert(AVFrame frame, int channels, float... target) {
        int frames = frame.nb_samples();
        if (avutil.av_sample_fmt_is_planar(frame.format()) == 0) {
            ByteBuffer samples = plane(frame, 0, frames * channels);
            for (int i = 0; i < frames * channels; i++) {
                target[i] = get(samples, i);
            }
            return;
        }
        for (int channel = 0; channel < channels; channel++) {
            ByteBuffer samples = plane(frame, channel, frames);
            for (int i = 0; i < frames; i++) {
                target[i * channels + channel] = get(samples, i);
            }
        }
    }

    private ByteBuffer plane(AVFrame frame, int plane, int samples) {
        return frame.extended_data(plane)
                .capacity((long) samples * bytes)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }
}
