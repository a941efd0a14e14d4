package org.earshot.features;

import java.util.Objects;

/**
 * The features of the windows that are cut, one after another, from one stream of sound: those of {@link LogMel}, to
 * the last bit. A frame that windows share is computed once and kept in a ring; only the few that see beyond a window's
 * ends are each window's own, and so is the clamp. Windows share frames if their distance is a multiple of the frames'.
 *
 * <p>Not thread-safe. It allocates nothing once it is made.
 */
public final class SlidingLogMel {
    private final LogMel logMel;
    private final FeatureParameters parameters;
    private final LogMel.Scratch scratch;
    /** Frame k of the stream, before the clamp, is row k modulo their number. */
    private final float[] ring;

    private final double[] loudest;

    /** Where in the distance of two frames the ring's frames lie. */
    private long phase;
    /** The ring's frames: from the first, inclusive, to the last, exclusive. */
    private long from;

    private long to;

    /**
     * Begins with no sound.
     *
     * @param logMel the front end
     */
    public SlidingLogMel(LogMel logMel) {
        this.logMel = Objects.requireNonNull(logMel, "logMel");
        parameters = logMel.parameters();
        scratch = logMel.scratch();
        int rows = parameters.clipFrames(parameters.windowSamples());
        ring = new float[rows * parameters.melBands()];
        loudest = new double[rows];
    }

    /** Forgets the stream: what comes next is another one's. */
    public void reset() {
        to = from;
    }

    /**
     * Computes the features of a window of {@link FeatureParameters#windowSamples()} samples.
     *
     * @param pcm the window's samples, from the first element on
     * @param start samples of the stream before the window; more than that of the window before
     * @param out takes {@code [frames, bands]}, in dB
     */
    public void compute(float[] pcm, long start, float[] out) {
        int samples = parameters.windowSamples();
        int hop = parameters.hopLength();
        int bands = parameters.melBands();
        long first = start / hop;
        if (start % hop != phase) {
            phase = start % hop;
            to = from;
        }
        int frames = parameters.clipFrames(samples);
        double loudestOfAll = 0;
        long insideFrom = first + frames;
        long insideTo = insideFrom;
        for (int frame = 0; frame < frames; frame++) {
            double loudestOfFrame;
            if (logMel.isInside(frame, samples)) {
                long index = first + frame;
                insideFrom = Math.min(insideFrom, index);
                insideTo = index + 1;
                loudestOfFrame = shared(pcm, samples, frame, index);
                if (frame < parameters.frames()) {
                    System.arraycopy(ring, row(index) * bands, out, frame * bands, bands);
                }
            } else if (frame < parameters.frames()) {
                loudestOfFrame = logMel.frame(pcm, 0, samples, frame, out, frame * bands, scratch);
            } else {
                loudestOfFrame = logMel.loudest(pcm, 0, samples, frame, scratch);
            }
            loudestOfAll = Math.max(loudestOfAll, loudestOfFrame);
        }
        from = insideFrom;
        to = insideTo;
        logMel.clamp(out, 0, parameters.frames() * bands, loudestOfAll);
    }

    /** Sees to it that a frame is in the ring, and returns its loudest power. */
    private double shared(float[] pcm, int samples, int frame, long index) {
        int row = row(index);
        if (index < from || index >= to) {
            loudest[row] = logMel.frame(pcm, 0, samples, frame, ring, row * parameters.melBands(), scratch);
        }
        return loudest[row];
    }

    private int row(long index) {
        return (int) (index % loudest.length);
    }
}
