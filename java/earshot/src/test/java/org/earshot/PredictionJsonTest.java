package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.earshot.ScenePrediction.ScoredScene;
import org.junit.jupiter.api.Test;

/** Answers as plain Jackson writes them, the second version and the third, without modules and without settings. */
class PredictionJsonTest {
    private static final List<String> LABELS = List.of("Bus", "Urban \"park\"");
    private static final String BUS = "\"label\":\"Bus\",\"probability\":0.75,\"ranking\":["
            + "{\"label\":\"Bus\",\"probability\":0.75},{\"label\":\"Urban \\\"park\\\"\",\"probability\":0.25}]";
    private static final String PARK = "\"label\":\"Urban \\\"park\\\"\",\"probability\":0.625,\"ranking\":["
            + "{\"label\":\"Urban \\\"park\\\"\",\"probability\":0.625},{\"label\":\"Bus\",\"probability\":0.375}]";

    private static ScenePrediction.Window window(double start, float... probabilities) {
        return new ScenePrediction.Window(
                Duration.ofNanos(Math.round(start * 1e9)), Duration.ofMillis(10_500), LABELS, probabilities);
    }

    private static void assertJson(String expected, Object value) throws IOException {
        assertEquals(expected, new ObjectMapper().writeValueAsString(value));
        assertEquals(expected, new tools.jackson.databind.ObjectMapper().writeValueAsString(value));
    }

    @Test
    void notesFollowTheRankingIfThereAreAny() throws IOException {
        ScenePrediction prediction = ScenePrediction.ofWindows(
                LABELS, List.of(window(0, 0.75f, 0.25f)), null, List.of("damaged at 1.000 s: a page"));
        assertJson("{" + BUS + ",\"notes\":[\"damaged at 1.000 s: a page\"]}", prediction);
    }

    @Test
    void oneWindowIsNotRepeated() throws IOException {
        ScenePrediction prediction =
                ScenePrediction.ofWindows(LABELS, List.of(window(0, 0.75f, 0.25f)), null, List.of());
        assertJson("{" + BUS + "}", prediction);
        assertJson("[{" + BUS + "}]", List.of(prediction));
        assertJson(
                "{\"label\":\"Bus\",\"probability\":0.75}", prediction.ranking().get(0));
        assertJson(
                "{\"start\":0.0,\"length\":10.5," + BUS + "}",
                prediction.windows().get(0));
    }

    @Test
    void severalWindowsAreListed() throws IOException {
        ScenePrediction prediction = ScenePrediction.ofWindows(
                LABELS, List.of(window(0, 0.75f, 0.25f), window(0.02, 0f, 1f)), null, List.of());
        String second = "\"label\":\"Urban \\\"park\\\"\",\"probability\":1.0,\"ranking\":["
                + "{\"label\":\"Urban \\\"park\\\"\",\"probability\":1.0},{\"label\":\"Bus\",\"probability\":0.0}]";
        assertJson(
                "{" + PARK + ",\"windows\":[{\"start\":0.0,\"length\":10.5," + BUS
                        + "},{\"start\":0.02,\"length\":10.5," + second + "}]}",
                prediction);
    }

    @Test
    void bothStagesAreThere() throws IOException {
        ScenePrediction.TwoStages stages = new ScenePrediction.TwoStages(
                List.of(new ScoredScene("indoor", 0.5f)), List.of(new ScoredScene("Bus", 0.25f)));
        String coarse = "\"coarse\":{\"label\":\"indoor\",\"probability\":0.5,"
                + "\"ranking\":[{\"label\":\"indoor\",\"probability\":0.5}]}";
        String fine = "\"fine\":{\"label\":\"Bus\",\"probability\":0.25,"
                + "\"ranking\":[{\"label\":\"Bus\",\"probability\":0.25}]}";
        assertJson("{" + coarse + "," + fine + "}", stages);
        assertJson(
                "{" + BUS + "," + coarse + "," + fine + "}",
                ScenePrediction.ofWindows(LABELS, List.of(window(0, 0.75f, 0.25f)), stages, List.of()));
    }

    @Test
    void anEnsemblesMembersAreThere() throws IOException {
        ScenePrediction one = ScenePrediction.ofWindows(LABELS, List.of(window(0, 1f, 0f)), null, List.of());
        ScenePrediction other = ScenePrediction.ofWindows(LABELS, List.of(window(0, 0.5f, 0.5f)), null, List.of());
        EnsemblePrediction both =
                new EnsemblePrediction(ScenePrediction.fuse(List.of(one, other), 0.5, 0.5), List.of(one, other));
        String members = new ObjectMapper().writeValueAsString(List.of(one, other));
        assertJson("{" + BUS + ",\"agree\":true,\"members\":" + members + "}", both);
        assertJson(
                "{\"start\":0.0,\"length\":10.5,\"agree\":true,\"answers\":["
                        + "{\"label\":\"Bus\",\"probability\":1.0},{\"label\":\"Bus\",\"probability\":0.5}]}",
                both.windows().get(0));
    }
}
