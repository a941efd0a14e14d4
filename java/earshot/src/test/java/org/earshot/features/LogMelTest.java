package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters.PadMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds whatever librosa says: the formulas of tools/reference/spec/features.md taken literally, and how the class
 * is used.
 */
class LogMelTest {
    private static final FeatureParameters BASELINE = FeatureParameters.baseline();

    /**
     * Distance from the formulas in float64: the result is rounded to float32 once before the logarithm (6e-8 of a
     * magnitude, 3e-7 dB) and once after it (half a step at 128 dB, 4e-6 dB).
     */
    private static final double ROUNDING = 1e-5;

    static float[] compute(FeatureParameters parameters, float[] pcm) {
        LogMel logMel = new LogMel(parameters);
        float[] out = new float[parameters.cutFrames(pcm.length) * parameters.melBands()];
        logMel.compute(pcm, 0, pcm.length, out, 0, logMel.scratch());
        return out;
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096})
    void agreesWithTheFormulasForEveryTransformLength(int fftSize) {
        for (PadMode padMode : PadMode.values()) {
            // Odd window and hop, so that nothing divides anything; few frames, for the naive transform is slow.
            FeatureParameters parameters = new FeatureParameters(
                    8000, fftSize, fftSize - 3, fftSize / 3, Math.min(20, fftSize / 2), 100, 3900, 5, padMode, 80);
            float[] pcm = noise(fftSize + fftSize / 2, fftSize);
            double[] expected = naive(parameters, pcm);
            float[] actual = compute(parameters, pcm);
            assertEquals(expected.length, actual.length);
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], actual[i], ROUNDING, padMode + " at " + i);
            }
        }
    }

    /**
     * Steps 1 to 6 of tools/reference/spec/features.md; only the filters' weights, which have a test of their own, come
     * from the library.
     */
    private static double[] naive(FeatureParameters parameters, float[] pcm) {
        int size = parameters.fftSize();
        int length = parameters.windowLength();
        double[] cosines = new double[size];
        double[] sines = new double[size];
        for (int i = 0; i < size; i++) {
            cosines[i] = Math.cos(2 * Math.PI * i / size);
            sines[i] = Math.sin(2 * Math.PI * i / size);
        }
        MelFilterBank filters = new MelFilterBank(parameters);
        int frames = 1 + pcm.length / parameters.hopLength();
        double[] mel = new double[frames * parameters.melBands()];
        for (int frame = 0; frame < frames; frame++) {
            double[] windowed = new double[size];
            for (int n = 0; n < length; n++) {
                int inFrame = (size - length) / 2 + n;
                int index = frame * parameters.hopLength() - size / 2 + inFrame;
                double hann = Math.pow(Math.sin(Math.PI * n / length), 2);
                windowed[inFrame] = hann * padded(pcm, index, parameters.padMode());
            }
            for (int bin = 0; bin <= size / 2; bin++) {
                double real = 0;
                double imaginary = 0;
                for (int n = 0; n < size; n++) {
                    int angle = n * bin % size;
                    real += windowed[n] * cosines[angle];
                    imaginary -= windowed[n] * sines[angle];
                }
                for (int band = 0; band < parameters.melBands(); band++) {
                    mel[frame * parameters.melBands() + band] +=
                            filters.weight(band, bin) * Math.hypot(real, imaginary);
                }
            }
        }
        double loudest = Arrays.stream(mel).max().orElseThrow();
        double clamp = 10 * Math.log10(Math.max(1e-10, loudest)) - parameters.topDecibel();
        return Arrays.stream(mel)
                .map(power -> Math.max(clamp, 10 * Math.log10(Math.max(1e-10, power))))
                .limit((long) parameters.frames() * parameters.melBands())
                .toArray();
    }

    private static double padded(float[] pcm, int index, PadMode padMode) {
        int inside = index;
        while (inside < 0 || inside >= pcm.length) {
            if (padMode == PadMode.CONSTANT) {
                return 0;
            }
            inside = inside < 0 ? -inside : 2 * (pcm.length - 1) - inside;
        }
        return pcm[inside] + Math.ulp(1.0);
    }

    /** Levels are 10 lg of a magnitude, not of a power. */
    @Test
    void aFactorOnTheSamplesIsTenTimesItsLogarithm() {
        float[] pcm = noise(20_000, 1);
        float[] louder = new float[pcm.length];
        for (int i = 0; i < pcm.length; i++) {
            louder[i] = 8 * pcm[i];
        }
        float[] quiet = compute(BASELINE, pcm);
        float[] loud = compute(BASELINE, louder);
        for (int i = 0; i < quiet.length; i++) {
            // Both carry two roundings; 8 is exact in binary.
            assertEquals(quiet[i] + 10 * Math.log10(8), loud[i], 2 * ROUNDING);
        }
    }

    @Test
    void aToneIsLoudestInTheBandThatHoldsIt() {
        MelFilterBank filters = new MelFilterBank(BASELINE);
        for (int bin : new int[] {20, 47, 200, 900}) {
            float[] pcm = new float[10_000];
            for (int i = 0; i < pcm.length; i++) {
                pcm[i] = (float) (0.5 * Math.sin(2 * Math.PI * bin * i / 2048));
            }
            float[] features = compute(BASELINE, pcm);
            int loudest = 0;
            int heaviest = 0;
            for (int band = 1; band < 64; band++) {
                loudest = features[5 * 64 + band] > features[5 * 64 + loudest] ? band : loudest;
                heaviest = filters.weight(band, bin) > filters.weight(heaviest, bin) ? band : heaviest;
            }
            assertEquals(heaviest, loudest, "bin " + bin);
        }
    }

    @Test
    void countsFramesAsLibrosaDoes() {
        assertEquals(1, BASELINE.clipFrames(1));
        assertEquals(1, BASELINE.clipFrames(881));
        assertEquals(2, BASELINE.clipFrames(882));
        assertEquals(501, BASELINE.clipFrames(441_000));
        assertEquals(500, BASELINE.cutFrames(441_000));
        assertEquals(17, BASELINE.cutFrames(16 * 882));
        assertEquals(500, BASELINE.cutFrames(Integer.MAX_VALUE));
    }

    @Test
    void readsAndWritesOnlyItsPartOfTheArrays() {
        float[] clip = noise(5000, 2);
        float[] pcm = new float[6000];
        Arrays.fill(pcm, Float.NaN);
        System.arraycopy(clip, 0, pcm, 700, clip.length);
        for (PadMode padMode : PadMode.values()) {
            FeatureParameters parameters =
                    new FeatureParameters(44_100, 2048, 1764, 882, 64, 50, 22_050, 500, padMode, 80);
            LogMel logMel = new LogMel(parameters);
            float[] expected = compute(parameters, clip);
            float[] out = new float[expected.length + 30];
            Arrays.fill(out, 7);
            assertEquals(6, logMel.compute(pcm, 700, 5000, out, 10, logMel.scratch()));
            assertArrayEquals(expected, Arrays.copyOfRange(out, 10, 10 + expected.length));
            for (int i = 0; i < 30; i++) {
                assertEquals(7, out[i < 10 ? i : expected.length + i]);
            }
        }
    }

    @Test
    void aClipDoesNotDependOnTheOneBefore() {
        LogMel logMel = new LogMel(BASELINE);
        LogMel.Scratch scratch = logMel.scratch();
        float[] out = new float[64 * 12];
        logMel.compute(noise(9000, 3), 0, 9000, out, 0, scratch);
        float[] one = {0.5f};
        float[] after = new float[64];
        logMel.compute(one, 0, 1, after, 0, scratch);
        assertArrayEquals(compute(BASELINE, one), after);
    }

    @Test
    void oneInstanceServesManyThreads() throws Exception {
        LogMel logMel = new LogMel(BASELINE);
        List<Callable<float[]>> calls = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            float[] pcm = noise(30_000, i);
            calls.add(() -> {
                float[] out = new float[BASELINE.cutFrames(pcm.length) * 64];
                logMel.compute(pcm, 0, pcm.length, out, 0, logMel.scratch());
                return out;
            });
        }
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<float[]>> results = pool.invokeAll(calls);
            for (int i = 0; i < results.size(); i++) {
                assertArrayEquals(
                        compute(BASELINE, noise(30_000, i)), results.get(i).get());
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** JTransforms starts threads of its own for long transforms; the longest that is allowed must not be one. */
    @Test
    void staysInTheCallersThread() {
        Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
        compute(
                new FeatureParameters(44_100, 4096, 4096, 882, 64, 50, 22_050, 500, PadMode.CONSTANT, 80),
                noise(9000, 4));
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .noneMatch(thread ->
                        thread.getThreadGroup() == Thread.currentThread().getThreadGroup()));
    }

    @Test
    void notANumberEndsAsNotANumber() {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] pcm = noise(3000, 5);
            pcm[1500] = wrong;
            for (float value : compute(BASELINE, pcm)) {
                assertTrue(Float.isNaN(value));
            }
        }
    }

    @Test
    void anEmptyClipIsRefused() {
        LogMel logMel = new LogMel(BASELINE);
        AudioException refusal = assertThrows(
                AudioException.class, () -> logMel.compute(new float[4], 2, 0, new float[64], 0, logMel.scratch()));
        assertEquals("clip: found no samples; expected at least 1", refusal.getMessage());
    }

    @Test
    void arraysThatAreTooSmallAreRefusedBeforeAnythingIsWritten() {
        LogMel logMel = new LogMel(BASELINE);
        LogMel.Scratch scratch = logMel.scratch();
        float[] out = new float[128];
        float[] pcm = noise(1000, 6);
        assertThrows(IndexOutOfBoundsException.class, () -> logMel.compute(pcm, 1, 1000, out, 0, scratch));
        assertThrows(IndexOutOfBoundsException.class, () -> logMel.compute(pcm, -1, 1000, out, 0, scratch));
        assertThrows(IndexOutOfBoundsException.class, () -> logMel.compute(pcm, 0, -1, out, 0, scratch));
        assertThrows(IndexOutOfBoundsException.class, () -> logMel.compute(pcm, 0, 1000, out, 1, scratch));
        assertThrows(IndexOutOfBoundsException.class, () -> logMel.compute(pcm, 0, 1000, out, -1, scratch));
        assertArrayEquals(new float[128], out);
    }

    @Test
    void scratchOfOtherParametersIsRefused() {
        FeatureParameters other = new FeatureParameters(8000, 256, 256, 80, 20, 0, 4000, 10, PadMode.CONSTANT, 80);
        LogMel.Scratch scratch = new LogMel(other).scratch();
        assertThrows(IllegalArgumentException.class, () -> new LogMel(BASELINE)
                .compute(new float[10], 0, 10, new float[64], 0, scratch));
    }

    private static float[] noise(int samples, int seed) {
        Random random = new Random(seed);
        float[] pcm = new float[samples];
        for (int i = 0; i < samples; i++) {
            pcm[i] = 0.1f * (float) random.nextGaussian();
        }
        return pcm;
    }
}
