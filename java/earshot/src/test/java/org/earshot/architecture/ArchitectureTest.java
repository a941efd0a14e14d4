package org.earshot.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.earshot.weights.WeightFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @ParameterizedTest
    @CsvSource({
        "ascmamba, ascmamba-small/model.pth",
        "ascmamba, ascmamba-unconditioned/model.safetensors",
        "se-trans, se-trans/model.pth",
        "se-trans, se-trans-audio-only/model.safetensors",
        "se-trans, se-trans-two-stage/model.safetensors",
        "mobile-asc-net, mobile-asc-net-none/model.safetensors",
        "mobile-asc-net, mobile-asc-net-early/model.safetensors",
        "mobile-asc-net, mobile-asc-net-gated/model.pth",
        "se-trans, public-code/se_trans_baseline/best_model_2.pth"
    })
    void knowsASystemByItsWeights(String label, String file) {
        Set<String> names = WeightFiles.read(GOLDEN.resolve(file)).tensors().keySet();
        assertEquals(Optional.of(label), Architecture.recognise(names).map(Architecture::label));
    }

    @Test
    void knowsNothingElse() {
        assertEquals(Optional.empty(), Architecture.recognise(Set.of()));
        assertEquals(
                Optional.empty(), Architecture.recognise(Set.of("fc.weight", "gru.weight_ih_l0", "classifier.bias")));
    }
}
