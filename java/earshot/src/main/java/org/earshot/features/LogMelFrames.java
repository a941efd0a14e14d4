package org.earshot.features;

import java.util.Objects;
import org.earshot.error.AudioException;

/**
 * Computes the log-mel frames of clips, one by one or whole clips. A frame depends on the samples that it sees and on
 * nothing else: to the last bit it is the same whichever frames are computed with it, until the clamp, which is its
 * clip's. For one thread at a time.
 */
public abstract class LogMelFrames implements AutoCloseable {
    private final FeatureParameters parameters;
    /** Of the frames of a whole clip. */
    private float[] levels = {};

    private double[] loudest = {};

    /**
     * Creates what computes with these parameters.
     *
     * @param parameters of the front end
     */
    protected LogMelFrames(FeatureParameters parameters) {
        this.parameters = Objects.requireNonNull(parameters, "parameters");
    }

    /**
     * How the features are made.
     *
     * @return the front end's parameters
     */
    public final FeatureParameters parameters() {
        return parameters;
    }

    /**
     * Computes frames of a clip before the clamp.
     *
     * @param pcm mono samples at {@link FeatureParameters#sampleRate()}, full scale 1
     * @param offset of the clip's first sample in {@code pcm}
     * @param samples length of the clip, at least 1
     * @param from the first frame, from 0
     * @param to behind the last frame, at most {@link FeatureParameters#clipFrames}
     * @param levels takes {@code [to - from, bands]}, dB
     * @param levelsOffset of the first level in {@code levels}
     * @param loudest takes the loudest level of each frame, dB
     * @param loudestOffset of the first one in {@code loudest}
     */
    public abstract void compute(
            float[] pcm,
            int offset,
            int samples,
            int from,
            int to,
            float[] levels,
            int levelsOffset,
            double[] loudest,
            int loudestOffset);

    /**
     * Computes the features of one clip.
     *
     * @param pcm mono samples at {@link FeatureParameters#sampleRate()}, full scale 1
     * @param samples length of the clip, which begins with the first element, at least 1
     * @param out takes [{@link FeatureParameters#cutFrames cutFrames(samples)}, {@link FeatureParameters#melBands()}]
     *     values in dB
     * @return number of frames written
     * @throws AudioException if the clip is empty
     */
    public final int computeClip(float[] pcm, int samples, float[] out) {
        requireSamples(samples);
        int frames = parameters.clipFrames(samples);
        int kept = parameters.cutFrames(samples);
        int bands = parameters.melBands();
        if (loudest.length < frames) {
            levels = new float[frames * bands];
            loudest = new double[frames];
        }
        compute(pcm, 0, samples, 0, frames, levels, 0, loudest, 0);
        System.arraycopy(levels, 0, out, 0, kept * bands);
        double loudestOfAll = loudest[0];
        for (int frame = 1; frame < frames; frame++) {
            loudestOfAll = Math.max(loudestOfAll, loudest[frame]);
        }
        clamp(out, 0, kept * bands, loudestOfAll, parameters);
        return kept;
    }

    static void requireSamples(int samples) {
        if (samples == 0) {
            throw new AudioException(AudioException.Reason.FORMAT, "clip", "no samples", "at least 1");
        }
    }

    /** Lifts levels to at least the clamp of a clip whose loudest level is given. */
    static void clamp(float[] levels, int from, int count, double loudest, FeatureParameters parameters) {
        float clamp = (float) (loudest - parameters.topDecibel());
        for (int i = from; i < from + count; i++) {
            levels[i] = Math.max(clamp, levels[i]);
        }
    }

    /** Frees what it computes with; a second call does nothing. */
    @Override
    public abstract void close();
}
