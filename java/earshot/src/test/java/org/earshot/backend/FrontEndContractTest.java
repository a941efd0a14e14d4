package org.earshot.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.features.LogMel;
import org.earshot.features.LogMelFrames;
import org.earshot.features.SlidingLogMel;
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

    static List<String> backends() {
        return FrontEnds.names();
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
    void anyLengthOfTransformAndClip(String name) {
        Backend backend = FrontEnds.start(name);
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
    void everyClipOfABatchHasItsOwnClamp(String name) {
        Backend backend = FrontEnds.start(name);
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
    void aWholeClip(String name) {
        Backend backend = FrontEnds.start(name);
        float[] pcm = noise(441_000);
        for (int i = 0; i < 440_000; i++) {
            pcm[i] *= 1e-5f;
        }
        check(backend, FeatureParameters.baseline(), 1, pcm);
    }

    /** Whatever frames are computed together, and whether a window shares them with others or not. */
    @ParameterizedTest
    @MethodSource("backends")
    void singleFramesHaveTheBitsOfWholeClips(String name) {
        Backend backend = FrontEnds.start(name);
        for (PadMode padMode : PadMode.values()) {
            FeatureParameters parameters = new FeatureParameters(8000, 256, 200, 80, 16, 50, 4000, 20, padMode, 80);
            Optional<LogMelFrames> some = backend.frames(parameters);
            assertEquals(backend.usesDeviceMemory(), some.isEmpty());
            if (some.isEmpty()) {
                return;
            }
            float[] sound = noise(6000);
            Arrays.fill(sound, 3000, 3500, 0);
            int samples = parameters.windowSamples();
            float[] expected = new float[20 * 16];
            float[] actual = new float[expected.length];
            SlidingLogMel sliding = new SlidingLogMel(parameters);
            try (LogMelFrames frames = some.get()) {
                for (int start = 0; start + samples <= sound.length; start += 240) {
                    float[] window = Arrays.copyOfRange(sound, start, start + samples);
                    expected = FrontEnds.run(backend, parameters, 1, window);
                    assertEquals(20, frames.computeClip(window, samples, actual));
                    assertArrayEquals(expected, actual);
                    sliding.compute(frames, window, start, actual);
                    assertArrayEquals(expected, actual);
                }
                for (int length : new int[] {1, 2, 79, 80, 81, 100, 161, 1599, 1601, 1680}) {
                    float[] clip = Arrays.copyOf(sound, length);
                    int kept = frames.computeClip(clip, length, actual);
                    assertArrayEquals(FrontEnds.run(backend, parameters, 1, clip), Arrays.copyOf(actual, kept * 16));
                    compareOneByOne(frames, clip);
                }
            }
        }
    }

    private static void compareOneByOne(LogMelFrames frames, float[] clip) {
        int count = frames.parameters().clipFrames(clip.length);
        float[] together = new float[count * 16];
        double[] loudest = new double[count];
        frames.compute(clip, 0, clip.length, 0, count, together, 0, loudest, 0);
        // In the middle of longer arrays.
        float[] longer = new float[clip.length + 9];
        System.arraycopy(clip, 0, longer, 5, clip.length);
        float[] one = new float[20];
        double[] loudestOfOne = new double[3];
        for (int frame = 0; frame < count; frame++) {
            frames.compute(longer, 5, clip.length, frame, frame + 1, one, 3, loudestOfOne, 1);
            assertArrayEquals(
                    Arrays.copyOfRange(together, frame * 16, frame * 16 + 16), Arrays.copyOfRange(one, 3, 19));
            assertEquals(loudest[frame], loudestOfOne[1]);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void wrongShapesAreRefused(String name) {
        Backend backend = FrontEnds.start(name);
        try (Operation frontEnd = backend.frontEnd(FeatureParameters.baseline())) {
            assertEquals(Shape.of(2, 500, 64, 1), frontEnd.outputShape(List.of(Shape.of(2, 500_000, 1, 1))));
            for (Shape shape :
                    List.of(Shape.of(2, 500), Shape.of(2, 500, 1, 2), Shape.of(2, 500, 2, 1), Shape.of(2, 0, 1, 1))) {
                assertThrows(IllegalArgumentException.class, () -> frontEnd.outputShape(List.of(shape)));
            }
        }
    }
}
