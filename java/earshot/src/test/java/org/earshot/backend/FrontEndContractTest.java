package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.features.LogMel;
import org.earshot.layer.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every backend's front end against {@link LogMel}, which agrees with librosa (as each front end does itself, see
 * LogMelLibrosaTest).
 */
class FrontEndContractTest {
    /**
     * Both compute in float64 and round to float32 once before the logarithm (6e-8 of a magnitude, 3e-7 dB) and once
     * after it (half a step at 128 dB, 4e-6 dB).
     */
    private static final float ROUNDING = 2 * (3e-7f + 4e-6f);

    static List<Backend> backends() {
        return FrontEnds.all();
    }

    private static float[] expected(FeatureParameters parameters, int clips, float[] pcm) {
        LogMel logMel = new LogMel(parameters);
        int samples = pcm.length / clips;
        int values = parameters.cutFrames(samples) * parameters.melBands();
        float[] features = new float[clips * values];
        for (int clip = 0; clip < clips; clip++) {
            logMel.compute(pcm, clip * samples, samples, features, clip * values, logMel.scratch());
        }
        return features;
    }

    private static void check(Backend backend, FeatureParameters parameters, int clips, float[] pcm) {
        assertArrayEquals(
                expected(parameters, clips, pcm),
                FrontEnds.run(backend, parameters, clips, pcm),
                ROUNDING,
                () -> backend + ", " + parameters + ", " + clips + " clips, " + pcm.length + " samples");
    }

    private static float[] noise(int samples) {
        Random random = new Random(samples);
        float[] pcm = new float[samples];
        for (int i = 0; i < samples; i++) {
            pcm[i] = (float) (0.2 * random.nextGaussian());
        }
        return pcm;
    }

    @ParameterizedTest
    @MethodSource("backends")
    void anyLengthOfTransformAndClip(Backend backend) {
        for (PadMode padMode : PadMode.values()) {
            for (int fftSize = FeatureParameters.SMALLEST_FFT; fftSize <= FeatureParameters.LARGEST_FFT; fftSize *= 2) {
                int window = fftSize - fftSize / 7 - 1;
                FeatureParameters parameters = new FeatureParameters(
                        8000, fftSize, window, fftSize / 3, Math.min(21, fftSize / 2), 20, 3900, 7, padMode, 80);
                for (int samples : new int[] {1, 2, 63, fftSize / 2 + 1, 3 * fftSize + 5}) {
                    check(backend, parameters, 1, noise(samples));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void everyClipOfABatchHasItsOwnClamp(Backend backend) {
        int samples = 5_000;
        float[] pcm = noise(3 * samples);
        for (int i = 0; i < samples; i++) {
            pcm[samples + i] *= 1e-6f;
        }
        Arrays.fill(pcm, 2 * samples, 3 * samples, 0);
        check(backend, FeatureParameters.baseline(), 3, pcm);
    }

    /** 501 frames, of which 500 are kept; the loudest is the one that is cut. */
    @ParameterizedTest
    @MethodSource("backends")
    void aWholeClip(Backend backend) {
        float[] pcm = noise(441_000);
        for (int i = 0; i < 440_000; i++) {
            pcm[i] *= 1e-5f;
        }
        check(backend, FeatureParameters.baseline(), 1, pcm);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void wrongShapesAreRefused(Backend backend) {
        try (Operation frontEnd = backend.frontEnd(FeatureParameters.baseline())) {
            assertEquals(Shape.of(2, 500, 64, 1), frontEnd.outputShape(List.of(Shape.of(2, 500_000, 1, 1))));
            for (Shape shape :
                    List.of(Shape.of(2, 500), Shape.of(2, 500, 1, 2), Shape.of(2, 500, 2, 1), Shape.of(2, 0, 1, 1))) {
                assertThrows(IllegalArgumentException.class, () -> frontEnd.outputShape(List.of(shape)));
            }
        }
    }
}
