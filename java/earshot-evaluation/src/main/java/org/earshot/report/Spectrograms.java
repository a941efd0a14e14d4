package org.earshot.report;

/** The features of a set's clips, for the pictures of those a model was wrong about. */
public interface Spectrograms {
    /**
     * The log-mel spectrogram of a clip.
     *
     * @param clip position in the set, as in {@link org.earshot.evaluation.Mistake#clip()}
     * @return {@code [frames(clip), bands()]} in dB
     */
    float[] logMel(int clip);

    /**
     * Frames of a clip.
     *
     * @param clip position in the set
     * @return how many there are
     */
    int frames(int clip);

    /**
     * Bands of every clip.
     *
     * @return how many there are
     */
    int bands();

    /**
     * Distance of two frames.
     *
     * @return in seconds
     */
    double secondsPerFrame();

    /**
     * Where a band lies.
     *
     * @param band from 0, the lowest, to {@code bands() - 1}
     * @return its centre in Hz
     */
    double frequency(int band);
}
