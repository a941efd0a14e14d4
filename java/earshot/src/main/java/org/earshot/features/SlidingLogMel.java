package org.earshot.features;

import java.util.Objects;

/**
 * The features of the windows that are cut, one after another, from one stream of sound: those of each window as a clip
 * of its own, to the last bit. A frame that windows share is computed once and kept in a ring; only the few that see
 * beyond a window's ends are each window's own, and so is the clamp. Windows share frames if their distance is a
 * multiple of the frames'.
 *
 * <p>Not thread-safe. It allocates nothing once it is made.
 */
public final class SlidingLogMel {
    private final FeatureParameters parameters;
    private final int samples;
    private final int bands;
    /** Frames of a window, before the cut. */
    private final int frames;
    /** Those that see nothing beyond a window's ends: from the first, inclusive, to the last, exclusive. */
    private final int insideFrom;

    private final int insideTo;
    /** Frame k of the stream, before the clamp, is row k modulo their number. */
    private final float[] ring;

    private final double[] loudest;
    /** Of the frames that are a window's own at one of its ends. */
    private final float[] own;

    private final double[] loudestOwn;

    /** Where in the distance of two frames the ring's frames lie. */
    private long phase;
    /** The ring's frames: from the first, inclusive, to the last, exclusive. */
    private long from;

    private long to;

    /**
     * Begins with no sound.
     *
     * @param parameters of the front end
     */
    public SlidingLogMel(FeatureParameters parameters) {
        this.parameters = Objects.requireNonNull(parameters, "parameters");
        samples = parameters.windowSamples();
        bands = parameters.melBands();
        frames = parameters.clipFrames(samples);
        int hop = parameters.hopLength();
        int ahead = -parameters.windowStart();
        int behind = parameters.windowLength() - ahead;
        int first = (ahead + hop - 1) / hop;
        int end = Math.floorDiv(samples - behind, hop) + 1;
        boolean some = first < end;
        insideFrom = some ? first : 0;
        insideTo = some ? end : 0;
        ring = new float[frames * bands];
        loudest = new double[frames];
        int most = Math.max(insideFrom, frames - insideTo);
        own = new float[most * bands];
        loudestOwn = new double[most];
    }

    /** Forgets the stream: what comes next is another one's. */
    public void reset() {
        to = from;
    }

    /**
     * Computes the features of a window of {@link FeatureParameters#windowSamples()} samples.
     *
     * @param computer what computes frames, always by the same kernels
     * @param pcm the window's samples, from the first element on
     * @param start samples of the stream before the window; more than that of the window before
     * @param out takes {@code [frames, bands]}, in dB
     * @throws IllegalArgumentException if the frames are of other parameters
     */
    public void compute(LogMelFrames computer, float[] pcm, long start, float[] out) {
        if (!computer.parameters().equals(parameters)) {
            throw new IllegalArgumentException("frames of other parameters");
        }
        int hop = parameters.hopLength();
        if (start % hop != phase) {
            phase = start % hop;
            to = from;
        }
        long shift = start / hop;
        double loudestOfAll = Math.max(
                computeOwn(computer, pcm, 0, insideFrom, out), computeOwn(computer, pcm, insideTo, frames, out));
        computeShared(computer, pcm, shift);
        for (int frame = insideFrom; frame < insideTo; frame++) {
            int row = row(shift + frame);
            loudestOfAll = Math.max(loudestOfAll, loudest[row]);
            if (frame < parameters.frames()) {
                System.arraycopy(ring, row * bands, out, frame * bands, bands);
            }
        }
        LogMelFrames.clamp(out, 0, parameters.frames() * bands, loudestOfAll, parameters);
    }

    /** Computes frames at an end of the window, and returns their loudest level. */
    private double computeOwn(LogMelFrames computer, float[] pcm, int first, int end, float[] out) {
        double loudestOfAll = Double.NEGATIVE_INFINITY;
        if (first < end) {
            computer.compute(pcm, 0, samples, first, end, own, 0, loudestOwn, 0);
            int kept = Math.min(end, parameters.frames()) - first;
            System.arraycopy(own, 0, out, first * bands, Math.max(0, kept) * bands);
            for (int i = 0; i < end - first; i++) {
                loudestOfAll = Math.max(loudestOfAll, loudestOwn[i]);
            }
        }
        return loudestOfAll;
    }

    /** Sees to it that the frames inside the window are in the ring. */
    private void computeShared(LogMelFrames computer, float[] pcm, long shift) {
        long first = shift + insideFrom;
        long end = shift + insideTo;
        long next = first >= from && first <= to ? Math.max(first, Math.min(to, end)) : first;
        while (next < end) {
            // Up to where the ring begins anew.
            int row = row(next);
            int count = (int) Math.min(end - next, frames - row);
            int frame = (int) (next - shift);
            computer.compute(pcm, 0, samples, frame, frame + count, ring, row * bands, loudest, row);
            next += count;
        }
        from = first;
        to = end;
    }

    private int row(long index) {
        return (int) (index % frames);
    }
}
