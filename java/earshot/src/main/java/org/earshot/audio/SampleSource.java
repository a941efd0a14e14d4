package org.earshot.audio;

/** Mono PCM, read block by block. */
@FunctionalInterface
public interface SampleSource {
    /**
     * Reads the next samples.
     *
     * @param target receives the samples
     * @param offset index of the first sample to write
     * @param length most samples to read, at least 1
     * @return samples read, or -1 at the end; 0 only from a live source, which has none for now
     * @throws org.earshot.error.AudioException if the recording turns out to be damaged
     */
    int read(float[] target, int offset, int length);
}
