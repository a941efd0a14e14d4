package org.earshot;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** One window as networks are fed it. */
final class WindowInput {
    private final boolean pcm;
    private final float[] values;
    private final int samples;
    private final int frames;
    private final List<ContextEncoding.Encoded> contexts;

    private WindowInput(boolean pcm, float[] values, int samples, int frames, List<ContextEncoding.Encoded> contexts) {
        this.pcm = pcm;
        this.values = values;
        this.samples = samples;
        this.frames = frames;
        this.contexts = contexts;
    }

    /**
     * A window of a recording.
     *
     * @param values may be longer, what lies behind is not read
     * @param samples how many there are
     * @param frames of the features that will be made of them
     * @param contexts one for each model
     */
    static WindowInput ofSamples(float[] values, int samples, int frames, List<ContextEncoding.Encoded> contexts) {
        return new WindowInput(true, values, samples, frames, contexts);
    }

    /**
     * A window whose features are known.
     *
     * @param values {@code [frames, bands]}; may be longer, what lies behind is not read
     * @param frames how many there are
     * @param contexts one for each model
     */
    static WindowInput ofFeatures(float[] values, int frames, List<ContextEncoding.Encoded> contexts) {
        return new WindowInput(false, values, 0, frames, contexts);
    }

    /** Whether the values are samples, else features. */
    boolean pcm() {
        return pcm;
    }

    float[] values() {
        return values;
    }

    int samples() {
        return samples;
    }

    int frames() {
        return frames;
    }

    List<ContextEncoding.Encoded> contexts() {
        return contexts;
    }

    /** What windows have in common that can be computed as one batch: equal frames, and what is fed of a context. */
    record Kind(int frames, List<Set<String>> fed) {}

    Kind kind() {
        return new Kind(
                frames,
                contexts.stream()
                        .map(ContextEncoding.Encoded::values)
                        .map(Map::keySet)
                        .toList());
    }
}
