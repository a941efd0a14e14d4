package org.earshot.audio;

import org.earshot.error.AudioException;

/** Averages the channels of a stream and checks every sample on the way. */
final class MonoMixer implements SampleSource {
    /** Samples of all channels together that are read at once. */
    private static final int BLOCK_SAMPLES = 1 << 14;

    private final AudioStream stream;
    private final String subject;
    private final float[] block;
    private final int channels;
    private long framesRead;

    MonoMixer(AudioStream stream, String subject) {
        this.stream = stream;
        this.subject = subject;
        channels = stream.channels();
        block = new float[Math.max(1, BLOCK_SAMPLES / channels) * channels];
    }

    @Override
    public int read(float[] target, int offset, int length) {
        int frames = stream.read(block, 0, Math.min(length, block.length / channels));
        if (frames < 0) {
            return -1;
        }
        for (int frame = 0; frame < frames; frame++) {
            // In double, so that the sum of finite samples is finite.
            double sum = 0;
            for (int channel = 0; channel < channels; channel++) {
                float sample = block[frame * channels + channel];
                if (!Samples.isUsable(sample)) {
                    throw unusable(sample, framesRead + frame, channel);
                }
                sum += sample;
            }
            target[offset + frame] = (float) (sum / channels);
        }
        framesRead += frames;
        return frames;
    }

    private AudioException unusable(float sample, long frame, int channel) {
        String where = channels == 1 ? "" : ", channel " + (channel + 1) + " of " + channels;
        return Samples.unusable(subject, sample, frame, stream.sampleRate(), where);
    }
}
