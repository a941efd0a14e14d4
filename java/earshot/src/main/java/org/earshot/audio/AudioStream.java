package org.earshot.audio;

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
     * @throws org.earshot.AudioException if the file turns out to be damaged
     */
    int read(float[] interleaved, int offset, int frames);

    /** Closes the file. A second call does nothing. */
    @Override
    void close();
}
