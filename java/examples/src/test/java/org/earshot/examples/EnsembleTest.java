package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.earshot.EnsemblePrediction;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;
import org.junit.jupiter.api.Test;

class EnsembleTest {
    /** Of random weights: it knows nothing, and says so to the ensemble. */
    private static final Path OTHER = Path.of("../earshot/src/test/resources/golden/se-trans");

    @Test
    void theFirstModelCountsTwice() {
        EnsemblePrediction answer = Ensemble.classify(Samples.of("bus"), List.of(Samples.MODEL, OTHER));
        Map<String, Float> first = probabilities(answer.members().get(0));
        Map<String, Float> second = probabilities(answer.members().get(1));
        assertEquals("Bus", answer.members().get(0).label());
        probabilities(answer.fused())
                .forEach((label, fused) ->
                        assertEquals((2 * first.get(label) + second.get(label)) / 3, fused, 1e-6, label));
    }

    private static Map<String, Float> probabilities(ScenePrediction prediction) {
        return prediction.ranking().stream().collect(Collectors.toMap(ScoredScene::label, ScoredScene::probability));
    }

    @Test
    void modelsThatAreTheSameAgree() throws Exception {
        List<String> lines = Samples.printed(() -> Ensemble.main(
                new String[] {Samples.of("restaurant").toString(), Samples.MODEL.toString(), Samples.MODEL.toString()
                }));
        assertEquals(4, lines.size(), lines.toString());
        assertTrue(lines.get(0).startsWith("Restaurant, "), lines.toString());
        assertEquals("all agree", lines.get(3));
    }
}
