package org.earshot.backend.packing;

import java.util.Arrays;
import org.earshot.features.FeatureParameters;
import org.earshot.features.MelFilterBank;

/** Packs the front end: sizes, where each band's filter lies, and the filters' weights. */
final class LogMelPacking {
    /** Zeros beyond a clip's ends. */
    static final int PAD_CONSTANT = 0;

    /** The clip mirrored at its ends. */
    static final int PAD_REFLECT = 1;

    private LogMelPacking() {}

    static PackedLayer pack(FeatureParameters parameters) {
        MelFilterBank filters = new MelFilterBank(parameters);
        int bands = filters.bands();
        int[] numbers = new int[6 + 2 * bands];
        numbers[0] = parameters.fftSize();
        numbers[1] = parameters.windowLength();
        numbers[2] = parameters.hopLength();
        numbers[3] = bands;
        numbers[4] = parameters.frames();
        numbers[5] = parameters.padMode() == FeatureParameters.PadMode.REFLECT ? PAD_REFLECT : PAD_CONSTANT;
        float[] weights = {};
        for (int band = 0; band < bands; band++) {
            float[] filter = filters.weights(band);
            numbers[6 + 2 * band] = filters.firstBin(band);
            numbers[7 + 2 * band] = filter.length;
            int end = weights.length;
            weights = Arrays.copyOf(weights, end + filter.length);
            System.arraycopy(filter, 0, weights, end, filter.length);
        }
        weights = Arrays.copyOf(weights, weights.length + 1);
        weights[weights.length - 1] = (float) parameters.topDecibel();
        return new PackedLayer(LayerKind.LOG_MEL, weights, numbers);
    }
}
