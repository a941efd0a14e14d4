package org.earshot.audio;

import java.util.List;
import org.earshot.error.AudioException;

/** Holds a stream to its limits, whatever decodes it. */
final class BoundedStream implements AudioStream {
    private final AudioStream stream;
    private final AudioInput input;
    private final AudioLimits limits;
    private final int sampleRate;
    private final int channels;
    private final long most;
    private long framesRead;

    /** Takes the stream over: closing this one closes it. */
    BoundedStream(AudioStream stream, AudioInput input, AudioLimits limits) {
        this.stream = stream;
        this.input = input;
        this.limits = limits;
        sampleRate = stream.sampleRate();
        channels = StreamContract.channels(stream);
        most = limits.maxFrames(input.size(), sampleRate, channels);
        refuseLosses();
    }

    @Override
    public int sampleRate() {
        return sampleRate;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public int read(float[] interleaved, int offset, int frames) {
        int read = StreamContract.read(stream, interleaved, offset, frames);
        refuseLosses();
        if (read > 0) {
            framesRead += read;
            if (framesRead > most) {
                throw tooLong();
            }
        }
        return read;
    }

    private void refuseLosses() {
        if (!limits.strict()) {
            return;
        }
        List<AudioLoss> losses = StreamContract.losses(stream);
        if (!losses.isEmpty()) {
            close();
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    input.name(),
                    "damage " + losses.get(0),
                    "an undamaged recording, as it is to be read strictly");
        }
    }

    private AudioException tooLong() {
        double seconds = limits.maxDuration().toMillis() / 1000.0;
        return most >= seconds * sampleRate
                ? limit("sound longer than " + seconds + " s", "at most so much (AudioLimits.withMaxDuration)")
                : limit(
                        "more than " + limits.maxSamplesPerByte() + " samples out of each of its " + input.size()
                                + " bytes",
                        "at most so many behind the first ten minutes, as in honest files"
                                + " (AudioLimits.withMaxSamplesPerByte)");
    }

    private AudioException limit(String found, String expected) {
        return new AudioException(AudioException.Reason.LIMIT, input.name(), found, expected);
    }

    @Override
    public List<AudioLoss> losses() {
        return StreamContract.losses(stream);
    }

    @Override
    public void close() {
        stream.close();
    }
}
