package org.earshot.features;

final class LogMelTest {
    static float[] compute(FeatureParameters parameters, float[] pcm) {
        LogMel logMel = new LogMel(parameters);
        float[] out = new float[logMel.cutFrames(pcm.length) * parameters.melBands()];
        logMel.compute(pcm, 0, pcm.length, out, 0, logMel.scratch());
        return out;
    }
}
