package org.earshot.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.earshot.weights.WeightFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path SHARED = Path.of("../../../shared/golden");

    private static void assertRecognised(String label, Path file) {
        assertEquals(
                Optional.of(label),
                Architecture.recognise(WeightFiles.read(file).tensors().keySet())
                        .map(Architecture::label),
                file.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "ascmamba, ascmamba-small/model.pth",
        "ascmamba, ascmamba-unconditioned/model.safetensors",
        "se-trans, public-code/se_trans_baseline/best_model_2.pth"
    })
    void knowsASystemByItsWeights(String label, String file) {
        assertRecognised(label, GOLDEN.resolve(file));
    }

    @ParameterizedTest
    @CsvSource({
        "mobile-asc-net, mobile-asc-net-early",
        "mobile-asc-net, mobile-asc-net-gated",
        "se-trans, se-trans",
        "se-trans, se-trans-two-stage"
    })
    void knowsTheOtherSystemsToo(String label, String folder) {
        assumeTrue(Files.isDirectory(SHARED));
        assertRecognised(label, SHARED.resolve(folder).resolve("model.safetensors"));
        assertRecognised(label, SHARED.resolve(folder).resolve("model.pth"));
    }

    @Test
    void knowsNothingElse() {
        assertEquals(Optional.empty(), Architecture.recognise(Set.of()));
        assertEquals(
                Optional.empty(), Architecture.recognise(Set.of("fc.weight", "gru.weight_ih_l0", "classifier.bias")));
    }
}
