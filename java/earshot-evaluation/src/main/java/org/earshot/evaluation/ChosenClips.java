package org.earshot.evaluation;

import java.nio.file.Path;
import org.earshot.audio.AudioLimits;
import org.earshot.dataset.FeatureSource;
import org.earshot.features.FeatureParameters;

/** Some clips of a set, any number of times each. */
final class ChosenClips implements FeatureSource {
    private final FeatureSource all;
    private final int[] clips;

    ChosenClips(FeatureSource all, int... clips) {
        this.all = all;
        this.clips = clips;
    }

    @Override
    public FeatureParameters parameters() {
        return all.parameters();
    }

    @Override
    public AudioLimits limits() {
        return all.limits();
    }

    @Override
    public int size() {
        return clips.length;
    }

    @Override
    public Path recording(int clip) {
        return all.recording(clips[clip]);
    }

    @Override
    public int read(int clip, float[] target) {
        return all.read(clips[clip], target);
    }
}
