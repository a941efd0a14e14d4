package org.earshot.cli.commands;

import java.util.Arrays;
import org.earshot.dataset.FeatureCache;
import org.earshot.features.MelFilterBank;
import org.earshot.report.Spectrograms;

/** The spectrograms of a report, from the features that the models saw. */
final class CachedSpectrograms implements Spectrograms {
    private final FeatureCache features;
    private final MelFilterBank filters;

    CachedSpectrograms(FeatureCache features) {
        this.features = features;
        filters = new MelFilterBank(features.parameters());
    }

    @Override
    public float[] logMel(int clip) {
        float[] values = new float[features.parameters().frames() * bands()];
        return Arrays.copyOf(values, features.read(clip, values) * bands());
    }

    @Override
    public int frames(int clip) {
        return features.frames(clip);
    }

    @Override
    public int bands() {
        return features.parameters().melBands();
    }

    @Override
    public double secondsPerFrame() {
        return (double) features.parameters().hopLength()
                / features.parameters().sampleRate();
    }

    @Override
    public double frequency(int band) {
        return filters.centre(band);
    }
}
