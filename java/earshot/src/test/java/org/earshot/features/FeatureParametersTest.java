package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.features.FeatureParameters.PadMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureParametersTest {
    @Test
    void theBaselineIsTheChallenges() {
        assertEquals(
                new FeatureParameters(44_100, 2048, 1764, 882, 64, 50, 22_050, 500, PadMode.CONSTANT, 80),
                FeatureParameters.baseline());
        assertEquals(441_000, FeatureParameters.baseline().windowSamples());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2048, 1764, 882, 64, 50, 22050, 500, 80, sample_rate",
        "-44100, 2048, 1764, 882, 64, 50, 22050, 500, 80, sample_rate",
        "44100, 0, 1764, 882, 64, 50, 22050, 500, 80, n_fft",
        "44100, -2147483648, 1764, 882, 64, 50, 22050, 500, 80, n_fft",
        "44100, 8, 4, 4, 2, 50, 22050, 500, 80, n_fft",
        "44100, 2000, 1764, 882, 64, 50, 22050, 500, 80, n_fft",
        "44100, 8192, 1764, 882, 64, 50, 22050, 500, 80, n_fft",
        "44100, 2048, 1, 882, 64, 50, 22050, 500, 80, win_length",
        "44100, 2048, 2049, 882, 64, 50, 22050, 500, 80, win_length",
        "44100, 2048, 1764, 0, 64, 50, 22050, 500, 80, hop_length",
        "44100, 2048, 1764, 882, 0, 50, 22050, 500, 80, n_mels",
        "44100, 2048, 1764, 882, 1025, 50, 22050, 500, 80, n_mels",
        "44100, 2048, 1764, 882, 64, -1, 22050, 500, 80, fmin",
        "44100, 2048, 1764, 882, 64, NaN, 22050, 500, 80, fmin",
        "44100, 2048, 1764, 882, 64, 50, 50, 500, 80, fmax",
        "44100, 2048, 1764, 882, 64, 50, 22050.5, 500, 80, fmax",
        "44100, 2048, 1764, 882, 64, 50, NaN, 500, 80, fmax",
        "44100, 2048, 1764, 882, 64, 50, Infinity, 500, 80, fmax",
        "44100, 2048, 1764, 882, 64, 50, 22050, 0, 80, frames",
        "999, 2048, 1764, 882, 64, 50, 400, 500, 80, sample_rate",
        "1536001, 2048, 1764, 882, 64, 50, 22050, 500, 80, sample_rate",
        "2147483647, 2048, 1764, 882, 64, 50, 22050, 500, 80, sample_rate",
        "44100, 2048, 1764, 1048577, 64, 50, 22050, 1, 80, hop_length",
        "44100, 2048, 1764, 3000000, 64, 50, 22050, 500, 80, hop_length",
        "44100, 2048, 1764, 2147483647, 64, 50, 22050, 2147483647, 80, hop_length",
        "44100, 2048, 1764, 882, 64, 50, 22050, 19022, 80, frames",
        "44100, 2048, 1764, 1048576, 64, 50, 22050, 17, 80, frames",
        "44100, 2048, 1764, 1, 64, 50, 22050, 262145, 80, frames",
        "44100, 2048, 1764, 1, 1024, 50, 22050, 16385, 80, frames",
        "44100, 2048, 1764, 1, 64, 50, 22050, 2147483647, 80, frames",
        "44100, 2048, 1764, 882, 64, 50, 22050, 500, 0, top_db",
        "44100, 2048, 1764, 882, 64, 50, 22050, 500, NaN, top_db",
        "44100, 2048, 1764, 882, 64, 50, 22050, 500, Infinity, top_db"
    })
    void aWrongValueIsRefusedByName(
            int sampleRate,
            int fftSize,
            int windowLength,
            int hopLength,
            int melBands,
            double minimumFrequency,
            double maximumFrequency,
            int frames,
            double topDecibel,
            String field) {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new FeatureParameters(
                                sampleRate,
                                fftSize,
                                windowLength,
                                hopLength,
                                melBands,
                                minimumFrequency,
                                maximumFrequency,
                                frames,
                                PadMode.CONSTANT,
                                topDecibel))
                .getMessage();
        assertEquals(field + ": found", message.substring(0, message.indexOf("found") + 5));
    }

    @Test
    void theMessageSaysWhatIsExpected() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new FeatureParameters(44_100, 2000, 1764, 882, 64, 50, 22_050, 500, PadMode.CONSTANT, 80))
                .getMessage();
        assertEquals("n_fft: found 2000; expected a power of two from 16 to 4096", message);
    }

    /** The largest of each that are taken together; what a window needs then fits an array. */
    @ParameterizedTest
    @CsvSource({"882, 64, 19021", "1048576, 64, 16", "1, 64, 262144", "1, 1024, 16384", "16384, 1024, 1024"})
    void theLargestExtentsAreTaken(int hopLength, int melBands, int frames) {
        FeatureParameters parameters = new FeatureParameters(
                44_100, 2048, 1764, hopLength, melBands, 50, 22_050, frames, PadMode.CONSTANT, 80);
        assertEquals((long) frames * hopLength, parameters.windowSamples());
        assertTrue(2L * parameters.windowSamples() <= 2L * FeatureParameters.LARGEST_CLIP);
        assertTrue((long) parameters.frames() * parameters.melBands() <= FeatureParameters.LARGEST_CLIP);
    }

    @Test
    void aMissingPadModeIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new FeatureParameters(44_100, 2048, 1764, 882, 64, 50, 22_050, 500, null, 80));
    }
}
