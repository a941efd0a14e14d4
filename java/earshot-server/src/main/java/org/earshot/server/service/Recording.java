package org.earshot.server.service;

import java.util.Optional;
import java.util.function.Supplier;
import org.earshot.audio.AudioDecoder;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;

/**
 * A recording that came with a request.
 *
 * @param name what messages call it: never a path that is opened
 * @param opening opens it in memory
 */
public record Recording(String name, Supplier<AudioStream> opening) {
    /**
     * A whole file.
     *
     * @param bytes its content
     * @param name what messages call it
     * @param limits bounds on file and sound
     * @param decoder of what the library does not decode itself; empty for those of the class path, in this process
     * @return the recording
     */
    static Recording ofFile(byte[] bytes, String name, AudioLimits limits, Optional<AudioDecoder> decoder) {
        return new Recording(
                name,
                () -> decoder.isPresent()
                        ? AudioFiles.open(bytes, name, limits, decoder.get())
                        : AudioFiles.open(bytes, name, limits));
    }

    /**
     * Samples.
     *
     * @param pcm mono, full scale being [-1, 1]
     * @param from the first one's index
     * @param length how many
     * @param sampleRate Hz
     * @param name what messages call them
     * @param limits bounds on the sound
     * @return the recording
     * @throws AudioException if it is longer than the limits allow
     */
    public static Recording ofSamples(
            float[] pcm, int from, int length, int sampleRate, String name, AudioLimits limits) {
        if (length > limits.maxFrames(sampleRate)) {
            throw new AudioException(
                    AudioException.Reason.LIMIT,
                    name,
                    length + " samples at " + sampleRate + " Hz",
                    "at most " + limits.maxDuration().toSeconds() + " s");
        }
        return new Recording(name, () -> new SampleStream(pcm, from, from + length, sampleRate));
    }

    /** Samples as a stream. */
    private static final class SampleStream implements AudioStream {
        private final float[] pcm;
        private int position;
        private final int end;
        private final int sampleRate;

        SampleStream(float[] pcm, int position, int end, int sampleRate) {
            this.pcm = pcm;
            this.position = position;
            this.end = end;
            this.sampleRate = sampleRate;
        }

        @Override
        public int sampleRate() {
            return sampleRate;
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public int read(float[] interleaved, int offset, int frames) {
            int count = Math.min(frames, end - position);
            if (count == 0) {
                return -1;
            }
            System.arraycopy(pcm, position, interleaved, offset, count);
            position += count;
            return count;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
