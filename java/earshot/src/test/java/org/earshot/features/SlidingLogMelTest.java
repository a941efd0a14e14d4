package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.earshot.features.FeatureParameters.PadMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlidingLogMelTest {
    private static FeatureParameters parameters(PadMode mode) {
        return new FeatureParameters(8000, 256, 200, 80, 16, 50, 4000, 60, mode, 80);
    }

    /** Sound whose loudness changes, so that every window has a clamp of its own, and which is silent in between. */
    private static float[] sound(int samples) {
        Random random = new Random(3);
        float[] sound = new float[samples];
        for (int i = 0; i < samples; i++) {
            double level = Math.pow(10, 3 * Math.sin(i / 3000.0) - 3);
            sound[i] = i % 20_000 < 2000 ? 0 : (float) (level * random.nextGaussian());
        }
        return sound;
    }

    /** A frame, several, a share of one, a whole window, and farther than a window reaches (windows were left out). */
    @ParameterizedTest
    @CsvSource({
        "80, CONSTANT",
        "80, REFLECT",
        "800, CONSTANT",
        "800, REFLECT",
        "120, CONSTANT",
        "4800, REFLECT",
        "8000, CONSTANT",
        "4720, CONSTANT",
        "4560, CONSTANT"
    })
    void everyWindowIsLikeAClipOfItsOwn(int distance, PadMode mode) {
        FeatureParameters parameters = parameters(mode);
        LogMel logMel = new LogMel(parameters);
        SlidingLogMel sliding = new SlidingLogMel(parameters);
        LogMelFrames frames = logMel.frames();
        float[] sound = sound(60_000);
        int samples = parameters.windowSamples();
        float[] expected = new float[parameters.frames() * parameters.melBands()];
        float[] actual = new float[expected.length];
        LogMel.Scratch scratch = logMel.scratch();
        for (int start = 0; start + samples <= sound.length; start += distance) {
            logMel.compute(sound, start, samples, expected, 0, scratch);
            sliding.compute(frames, Arrays.copyOfRange(sound, start, start + samples), start, actual);
            assertArrayEquals(expected, actual, "window from " + start);
        }
    }

    @Test
    void anotherStreamHasNothingOfTheOneBefore() {
        FeatureParameters parameters = parameters(PadMode.CONSTANT);
        LogMel logMel = new LogMel(parameters);
        SlidingLogMel sliding = new SlidingLogMel(parameters);
        LogMelFrames frames = logMel.frames();
        float[] sound = sound(20_000);
        int samples = parameters.windowSamples();
        float[] expected = new float[parameters.frames() * parameters.melBands()];
        float[] actual = new float[expected.length];
        sliding.compute(frames, Arrays.copyOfRange(sound, 9000, 9000 + samples), 0, actual);
        sliding.reset();
        sliding.compute(frames, sound, 0, actual);
        logMel.compute(sound, 0, samples, expected, 0, logMel.scratch());
        assertArrayEquals(expected, actual);
    }

    /** The shared frames are not computed again: of a window whose samples are gone, only the edges change. */
    @Test
    void sharedFramesAreTakenFromTheRing() {
        FeatureParameters parameters = parameters(PadMode.CONSTANT);
        SlidingLogMel sliding = new SlidingLogMel(parameters);
        LogMelFrames frames = new LogMel(parameters).frames();
        float[] sound = new float[20_000];
        Random random = new Random(4);
        for (int i = 0; i < sound.length; i++) {
            sound[i] = (float) random.nextGaussian();
        }
        int samples = parameters.windowSamples();
        int bands = parameters.melBands();
        float[] before = new float[parameters.frames() * bands];
        float[] after = new float[before.length];
        sliding.compute(frames, Arrays.copyOfRange(sound, 3000, 3000 + samples), 3000, before);
        float[] gone = Arrays.copyOfRange(sound, 3800, 3800 + samples);
        // Frames 2 to 58 of the first window lie inside; from 12 on they are frames 2 to 48 of the second.
        Arrays.fill(gone, 200, 47 * 80, 0);
        sliding.compute(frames, gone, 3800, after);
        int same = 0;
        for (int frame = 12; frame < 59; frame++) {
            if (Arrays.equals(
                    before, frame * bands, (frame + 1) * bands, after, (frame - 10) * bands, (frame - 9) * bands)) {
                same++;
            }
        }
        assertTrue(same == 47, same + " of 47 frames are shared");
    }
}
