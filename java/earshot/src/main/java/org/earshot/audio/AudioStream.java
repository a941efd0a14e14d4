package org.earshot.audio;

import java.util.List;

/** Decoded PCM, read block by block. Not thread-safe. */
public interface AudioStream extends AutoCloseable {
    /**
     * Frames per second.
     *
     * @return a positive number of Hz
     */
    int sampleRate();

    /**
     * Channels per frame.
     *
     * @return at least 1
     */
    int channels();

    /**
     * Reads the next frames.
     *
     * @param interleaved receives the samples, frame by frame, full scale being [-1, 1]
     * @param offset index of the first sample to write
     * @param frames most frames to read, at least 1
     * @return frames read, at least 1, or -1 at the end
     * @throws org.earshot.error.AudioException if the file cannot be read or decoded any further
     */
    int read(float[] interleaved, int offset, int frames);

    /**
     * What could not be decoded so far. Damage is not an end: decoding goes on behind it. A file that breaks off is
     * noted at the end, where its format tells how long it should be.
     *
     * @return in the order of time; empty by default
     */
    default List<AudioLoss> losses() {
        return List.of();
    }

    /** Closes the file. A second call does nothing. */
    @Override
    void close();
}
