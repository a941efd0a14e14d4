package org.earshot.audio;

import org.earshot.error.AudioException;

/** Averages the channels of a stream and checks every sample on the way. */
final class MonoMixer implements SampleSource {
    /** Samples of all channels together that are read at once, where there are several. */
    private static final int BLOCK_SAMPLES = 1 << 14;

    private final AudioStream stream;
    private final String subject;
    /** What channels are averaged from; one channel is read to where it is wanted. */
    private final float[] block;

    private final int channels;
    private long framesRead;

    MonoMixer(AudioStream stream, String subject) {
        this.stream = stream;
        this.subject = subject;
        channels = StreamContract.channels(stream);
        block = new float[channels == 1 ? 0 : Math.max(1, BLOCK_SAMPLES / channels) * channels];
    }

    @Override
    public int read(float[] target, int offset, int length) {
        int most = channels == 1 ? length : Math.min(length, block.length / channels);
        int frames = channels == 1
                ? StreamContract.read(stream, target, offset, most)
                : StreamContract.read(stream, block, 0, most);
        if (frames < 0) {
            return -1;
        }
        switch (channels) {
            case 1 -> check(target, offset, frames);
            case 2 -> averagePairs(target, offset, frames);
            default -> average(target, offset, frames);
        }
        framesRead += frames;
        return frames;
    }

    private void check(float[] pcm, int offset, int frames) {
        for (int frame = 0; frame < frames; frame++) {
            if (!Samples.isUsable(pcm[offset + frame])) {
                throw unusable(pcm[offset + frame], frame, 0);
            }
        }
    }

    /**
     * As {@link #average} does; apart, as most recordings have one channel or two, and half of a sum takes no division.
     */
    private void averagePairs(float[] target, int offset, int frames) {
        for (int frame = 0; frame < frames; frame++) {
            float left = block[2 * frame];
            float right = block[2 * frame + 1];
            if (!Samples.isUsable(left)) {
                throw unusable(left, frame, 0);
            }
            if (!Samples.isUsable(right)) {
                throw unusable(right, frame, 1);
            }
            target[offset + frame] = (float) (((double) left + right) * 0.5);
        }
    }

    private void average(float[] target, int offset, int frames) {
        for (int frame = 0; frame < frames; frame++) {
            // In double, so that the sum of finite samples is finite.
            double sum = 0;
            for (int channel = 0; channel < channels; channel++) {
                float sample = block[frame * channels + channel];
                if (!Samples.isUsable(sample)) {
                    throw unusable(sample, frame, channel);
                }
                sum += sample;
            }
            target[offset + frame] = (float) (sum / channels);
        }
    }

    /** @param frame of those that were read last */
    private AudioException unusable(float sample, int frame, int channel) {
        String where = channels == 1 ? "" : ", channel " + (channel + 1) + " of " + channels;
        return Samples.unusable(subject, sample, framesRead + frame, stream.sampleRate(), where);
    }
}
