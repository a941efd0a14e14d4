package org.earshot.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * librosa's features with one thing done otherwise ({@code tools/reference/fixtures/parity_front_ends.py}): the guess
 * says which. The second table in tools/reference/spec/golden-files.md is this one.
 */
class FrontEndMistakesTest {
    private static final Path MODEL = Path.of("src/test/resources/parity/front-end");

    private static ParityResult check(String golden, String backend) {
        return Parity.check(
                ModelDirectory.read(MODEL, null, KeyMap.identity()),
                MODEL.resolve("golden-" + golden + ".safetensors"),
                Backends.start(backend, 2),
                new ParityOptions(Precision.FLOAT32, false, Tolerances.of(Precision.FLOAT32), true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pad-mode | features | the other pad mode (reflect for constant, or the other way round)",
                "mel-norm | features | mel filters without Slaney's normalisation (norm=None)",
                "htk | features | the HTK mel scale (htk=True)",
                "power | features | the power spectrum, not the magnitudes (power=2)",
                "amplitude | features | amplitude_to_db, 20 log10, where the baseline has power_to_db",
                "natural-logarithm | features | the natural logarithm, not decibels",
                "kept | features | top_db counted from the loudest of the frames that are kept (500), not of all (501)",
                "top-db | features | no top_db",
                "below-loudest | features | decibels below the loudest value (ref=np.max)",
                "polyphase | samples | another resampler: SciPy's polyphase filter (res_type=\"polyphase\"), not soxr",
                "linear | samples | another resampler: straight lines between samples, not soxr",
            })
    void theGuessSaysWhatIsDoneOtherwise(String golden, String what, String guess) {
        for (String backend : List.of("portable", "cpu")) {
            List<Comparison> failed = check(golden, backend).comparisons().stream()
                    .filter(one -> !one.passes())
                    .toList();
            assertEquals(
                    what.equals("samples") ? "output.pcm" : "output.features",
                    failed.get(0).name());
            assertEquals(
                    "the reference's " + what + " come out with " + guess,
                    failed.get(0).guess());
            if (failed.size() > 1) {
                assertEquals(
                        "the reference's features come out with " + guess,
                        failed.get(1).guess());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"none, 1", "resampled, 2"})
    void featuresAgreeFromSamplesOn(String golden, int count) {
        for (String backend : List.of("portable", "cpu")) {
            ParityResult result = check(golden, backend);
            assertEquals(count, result.comparisons().size());
            for (Comparison one : result.comparisons()) {
                assertTrue(one.passes(), one.name() + ": " + one.difference());
            }
        }
    }

    /** The frame that lies lowest is silent, where another clamp shows; a band that is too loud shows as a band. */
    @Test
    void differencesAreToldByBandAndByFrame() {
        ParityResult result = check("kept", "portable");
        Comparison features = result.first().orElseThrow();
        assertEquals(16, features.perBand().length);
        assertEquals(20, features.perFrame().length);
        double inSilence = features.perFrame()[8];
        assertTrue(inSilence > 1 && features.perFrame()[2] < 1e-4, "" + inSilence);
        assertTrue(
                result.notes().stream().anyMatch(note -> note.contains("most in band") && note.contains("in frame 8")),
                result.notes().toString());
    }

    @Test
    void withoutADeviationTheyAreTheEnginesOwn() {
        FeatureParameters parameters =
                ModelDirectory.read(MODEL, null, KeyMap.identity()).config().features();
        Golden golden = Golden.read(MODEL.resolve("golden-none.safetensors"));
        float[] pcm = golden.pcm(parameters.sampleRate());
        Grid other = new OtherFrontEnd(parameters, Set.of()).compute(pcm, 1);
        LogMel logMel = new LogMel(parameters);
        float[] expected = new float[other.values().length];
        logMel.compute(pcm, 0, pcm.length, expected, 0, logMel.scratch());
        assertArrayEquals(expected, other.values(), 1e-4f);
    }
}
