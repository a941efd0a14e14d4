package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recordings against the challenge baseline's own feature code; skipped where the recordings are not at hand. */
class LogMelBaselineTest {
    private static final Path REFERENCE = Path.of("../../../shared/golden/public-code/log_mel.safetensors");

    private static Tensors tensors;

    @BeforeAll
    static void read() {
        assumeTrue(Files.exists(REFERENCE), "no reference recordings");
        tensors = Tensors.read(REFERENCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"city", "coffee-shop", "birds"})
    void recordingsAgree(String recording) {
        float[] pcm = tensors.get(recording + ".pcm");
        float[] expected = cut(tensors.get(recording + ".features"));
        Decibels.assertAgree(expected, LogMelTest.compute(FeatureParameters.baseline(), pcm), recording);
    }

    @Test
    void silenceIsTheFloor() {
        float[] expected = cut(tensors.get("silence.features"));
        float[] actual = LogMelTest.compute(FeatureParameters.baseline(), new float[441_000]);
        assertArrayEquals(expected, actual);
    }

    @Test
    void filterBankAgrees() {
        MelFilterBankTest.assertSame(
                tensors.get("mel_filter_bank"), new MelFilterBank(FeatureParameters.baseline()), 22_050);
    }

    /** The reference keeps all 501 frames of ten seconds. */
    private static float[] cut(float[] features) {
        return Arrays.copyOf(features, 500 * 64);
    }
}
