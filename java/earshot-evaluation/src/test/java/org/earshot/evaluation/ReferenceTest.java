package org.earshot.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.earshot.RecordingContext;
import org.earshot.audio.AudioLimits;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.ProgressListener;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ContextParameters;
import org.junit.jupiter.api.Test;

/** Compares with what numpy says (tools/reference/fixtures/evaluation.py). */
class ReferenceTest {
    /** Sums of at most 1e3 numbers of about 1 in float64, in another order: 1e3 roundings of 1e-16. */
    private static final double TOLERANCE = 1e-13;

    private static final JsonNode REFERENCE = reference();

    private static JsonNode reference() {
        try (var in = ReferenceTest.class.getResourceAsStream("/evaluation/reference.json")) {
            return JsonMapper.builder().build().readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void assertNumber(JsonNode expected, double actual) {
        if (expected.isNull()) {
            assertTrue(Double.isNaN(actual), "found " + actual);
        } else {
            assertEquals(expected.doubleValue(), actual, TOLERANCE);
        }
    }

    private static Answers answers(JsonNode reference) {
        int classes = reference.get("confusion").size();
        float[][] probabilities = new float[reference.get("truth").size()][classes];
        int[] truth = new int[probabilities.length];
        for (int clip = 0; clip < truth.length; clip++) {
            truth[clip] = reference.get("truth").get(clip).intValue();
            for (int label = 0; label < classes; label++) {
                probabilities[clip][label] =
                        reference.get("probabilities").get(clip).get(label).floatValue();
            }
        }
        return Answers.of(
                IntStream.range(0, classes).mapToObj(i -> "class " + i).toList(), truth, probabilities);
    }

    @Test
    void scoresAreNumpys() {
        for (JsonNode reference : REFERENCE.get("answers")) {
            ConfusionMatrix confusion = ConfusionMatrix.of(answers(reference));
            assertEquals(
                    reference.get("confusion").toString(),
                    confusion.counts().toString().replace(" ", ""));
            List<ClassScore> classes = ClassScore.of(confusion);
            for (int label = 0; label < classes.size(); label++) {
                JsonNode expected = reference.get("classes").get(label);
                assertEquals(
                        expected.get("clips").intValue(), classes.get(label).clips());
                assertNumber(expected.get("recall"), classes.get(label).recall());
                assertNumber(expected.get("precision"), classes.get(label).precision());
                assertNumber(expected.get("f1"), classes.get(label).f1());
            }
        }
    }

    @Test
    void calibrationIsNumpys() {
        for (JsonNode reference : REFERENCE.get("answers")) {
            JsonNode expected = reference.get("calibration");
            Calibration calibration =
                    Calibration.of(answers(reference), expected.get("bins").size());
            assertNumber(expected.get("expected_error"), calibration.expectedError());
            for (int bin = 0; bin < calibration.bins().size(); bin++) {
                JsonNode row = expected.get("bins").get(bin);
                assertEquals(
                        row.get("clips").intValue(), calibration.bins().get(bin).clips());
                assertNumber(row.get("confidence"), calibration.bins().get(bin).confidence());
                assertNumber(row.get("accuracy"), calibration.bins().get(bin).accuracy());
            }
        }
    }

    @Test
    void intervalsAreThoseOfTheSameDraws() {
        for (JsonNode reference : REFERENCE.get("answers")) {
            Bootstrap bootstrap = Bootstrap.of(
                    answers(reference),
                    REFERENCE.get("draws").intValue(),
                    REFERENCE.get("seed").longValue());
            assertNumber(reference.get("accuracy"), bootstrap.accuracy().value());
            assertNumber(
                    reference.get("macro_accuracy"), bootstrap.macroAccuracy().value());
            JsonNode expected = reference.get("bootstrap");
            assertNumber(expected.get(0).get(0), bootstrap.accuracy().low());
            assertNumber(expected.get(0).get(1), bootstrap.accuracy().high());
            assertNumber(expected.get(1).get(0), bootstrap.macroAccuracy().low());
            assertNumber(expected.get(1).get(1), bootstrap.macroAccuracy().high());
        }
    }

    @Test
    void wilsonsIntervalsAreScipys() {
        for (JsonNode row : REFERENCE.get("wilson")) {
            Interval interval =
                    Interval.wilson(row.get(0).intValue(), row.get(1).intValue());
            assertNumber(row.get(2), interval.low());
            assertNumber(row.get(3), interval.high());
        }
        for (JsonNode reference : REFERENCE.get("answers")) {
            Bootstrap estimates = Bootstrap.of(answers(reference), 1, 0);
            JsonNode expected = reference.get("wilson");
            assertNumber(expected.get(0).get(0), estimates.accuracy().wilson().low());
            assertNumber(expected.get(0).get(1), estimates.accuracy().wilson().high());
            assertNumber(
                    expected.get(1).get(0), estimates.macroAccuracy().wilson().low());
            assertNumber(
                    expected.get(1).get(1), estimates.macroAccuracy().wilson().high());
        }
    }

    /** Whatever the draws, ten of ten clips do not show that all are right: scipy says 72.2 %. */
    @Test
    void theIntervalOfAFewClipsAllRightHasAWidth() {
        float[][] probabilities = new float[10][];
        int[] truth = new int[10];
        for (int clip = 0; clip < truth.length; clip++) {
            truth[clip] = clip % 2;
            probabilities[clip] = clip % 2 == 0 ? new float[] {1, 0} : new float[] {0, 1};
        }
        Bootstrap estimates = Bootstrap.of(Answers.of(List.of("a", "b"), truth, probabilities), 100, 1);
        assertEquals(1, estimates.accuracy().low());
        assertEquals(0.7224672001371109, estimates.accuracy().wilson().low(), TOLERANCE);
        assertEquals(1, estimates.accuracy().wilson().high());
        // Both classes 5 of 5, whose interval begins at 0.5655: 1 - sqrt(2) (1 - 0.5655) / 2.
        assertEquals(0.6928, estimates.macroAccuracy().wilson().low(), 1e-4);
        assertEquals(1, estimates.macroAccuracy().wilson().high());
    }

    @Test
    void logLossIsScikitLearns() {
        // It sums in float32: a hundred numbers of at most 16, each to 2^-24 of it.
        double tolerance = 2e-6;
        for (JsonNode reference : REFERENCE.get("answers")) {
            JsonNode expected = reference.get("log_loss");
            LogLoss loss = LogLoss.of(answers(reference));
            assertEquals(expected.get("mean").doubleValue(), loss.mean(), tolerance * loss.mean());
            assertEquals(expected.get("macro").doubleValue(), loss.macro(), tolerance * loss.macro());
            for (int label = 0; label < loss.classes().size(); label++) {
                JsonNode own = expected.get("classes").get(label);
                if (own.isNull()) {
                    assertTrue(Double.isNaN(loss.classes().get(label)));
                } else {
                    double found = loss.classes().get(label);
                    assertEquals(own.doubleValue(), found, tolerance * found);
                }
            }
        }
    }

    @Test
    void citiesThatAModelDoesNotKnowAreOneGroupAndNoCity() {
        List<RecordingContext> contexts = List.of(
                RecordingContext.of("Jinan", null),
                RecordingContext.of("Xian", null),
                RecordingContext.of("jinan ", null),
                RecordingContext.of("Paris", null),
                RecordingContext.unknown());
        float[][] probabilities = new float[5][];
        Arrays.fill(probabilities, new float[] {1});
        Answers answers = Answers.of(List.of("a"), new int[5], probabilities);
        ContextParameters parameters = new ContextParameters(
                List.of("Xi'an", "Jinan"),
                ContextParameters.TimeEncoding.CYCLIC,
                ContextParameters.UnknownLocation.FIRST);
        assertEquals(
                List.of(
                        new GroupScore("Jinan", 1, 1),
                        new GroupScore("jinan ", 1, 1),
                        new GroupScore(GroupScore.STAND_IN, 2, 2),
                        new GroupScore(GroupScore.UNKNOWN, 1, 1)),
                GroupScore.byCity(answers, contexts, parameters));
        assertEquals(
                List.of("Jinan", "Paris", "Xian", "jinan ", GroupScore.UNKNOWN),
                GroupScore.byCity(answers, contexts, null).stream()
                        .map(GroupScore::group)
                        .toList());
    }

    @Test
    void theIntervalOfManyClipsIsTheBinomials() {
        int clips = 2000;
        int right = 1500;
        float[][] probabilities = new float[clips][];
        for (int clip = 0; clip < clips; clip++) {
            probabilities[clip] = clip < right ? new float[] {1, 0} : new float[] {0, 1};
        }
        int draws = 4000;
        Estimate accuracy = Bootstrap.of(Answers.of(List.of("a", "b"), new int[clips], probabilities), draws, 1)
                .accuracy();
        double deviation = Math.sqrt(0.75 * 0.25 / clips);
        // A 2.5 % quantile of n normal draws has a standard error of sqrt(q (1 - q) / n) / density: 0.0025 / 0.058,
        // 0.043 deviations. Four of those, and a step of the binomial, 1 / clips.
        double tolerance = 4 * Math.sqrt(0.025 * 0.975 / draws) / 0.0584 * deviation + 1.0 / clips;
        assertEquals(0.75 - 1.96 * deviation, accuracy.low(), tolerance);
        assertEquals(0.75 + 1.96 * deviation, accuracy.high(), tolerance);
    }

    @Test
    void worstMistakesAreTheSurest() {
        for (JsonNode reference : REFERENCE.get("answers")) {
            Answers answers = answers(reference);
            List<String> files = IntStream.range(0, answers.clips())
                    .mapToObj(clip -> clip + ".wav")
                    .toList();
            List<Mistake> worst = Mistake.worst(answers, files, 10);
            assertEquals(
                    reference.get("worst").toString(),
                    worst.stream().map(Mistake::clip).toList().toString().replace(" ", ""));
            for (Mistake mistake : worst) {
                assertEquals(mistake.clip() + ".wav", mistake.file());
                assertEquals("class " + answers.truth(mistake.clip()), mistake.truth());
                assertTrue(mistake.probability() >= mistake.truthProbability());
            }
        }
    }

    @Test
    void shiftedContextsAreThoseOfTheSameDraw() {
        List<String> cities = List.of("A", "B", "C", "D", "E", "F");
        for (JsonNode reference : REFERENCE.get("shifts")) {
            int clips = reference.get("clips").intValue();
            List<RecordingContext> contexts = new ArrayList<>();
            for (int clip = 0; clip < clips; clip++) {
                contexts.add(RecordingContext.of("city " + clip, LocalDateTime.of(2023, 1, 1, clip % 24, 0)));
            }
            ContextShift shift =
                    new ContextShift(contexts, REFERENCE.get("seed").longValue());
            int percent = reference.get("percent").intValue();
            List<RecordingContext> shuffled = shift.shuffled(percent);
            List<RecordingContext> unseen = shift.unseen(percent, cities);
            int told = 0;
            for (int clip = 0; clip < clips; clip++) {
                int giver = reference.get("givers").get(clip).intValue();
                assertEquals(contexts.get(giver).toString(), shuffled.get(clip).toString());
                int city = reference.get("cities").get(clip).intValue();
                told += city < 0 ? 0 : 1;
                assertEquals(
                        city < 0 ? "city " + clip : cities.get(city),
                        unseen.get(clip).city().orElseThrow());
                assertEquals(contexts.get(clip).time(), unseen.get(clip).time());
            }
            assertEquals(told, ContextShift.clips(clips, percent));
        }
    }

    @Test
    void similaritiesAreNumpys() {
        JsonNode reference = REFERENCE.get("split");
        ValidationSplit split = ValidationSplit.of(
                new Clips(reference.get("validation")),
                new Clips(reference.get("evaluation")),
                0.9,
                2,
                ProgressListener.none(),
                reason -> fail(reason));
        double[] expected = new double[reference.get("similarities").size()];
        List<Integer> hard = new ArrayList<>();
        for (int clip = 0; clip < expected.length; clip++) {
            expected[clip] = reference.get("similarities").get(clip).doubleValue();
            if (expected[clip] > 0.9) {
                hard.add(clip);
            }
        }
        assertArrayEquals(
                expected,
                split.similarities().values().stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray(),
                TOLERANCE);
        assertEquals(hard, split.hard());
        assertTrue(!hard.isEmpty() && hard.size() < expected.length);
        assertEquals(expected.length, split.hard().size() + split.easy().size());
    }

    /** Clips of 8 bands. */
    private record Clips(JsonNode values) implements FeatureSource {
        @Override
        public FeatureParameters parameters() {
            return new FeatureParameters(
                    44_100, 2048, 1764, 882, 8, 50, 22_050, 8, FeatureParameters.PadMode.CONSTANT, 80);
        }

        @Override
        public AudioLimits limits() {
            return AudioLimits.defaults();
        }

        @Override
        public int size() {
            return values.size();
        }

        @Override
        public Path recording(int clip) {
            return Path.of(Integer.toString(clip));
        }

        @Override
        public int read(int clip, float[] target) {
            JsonNode frames = values.get(clip);
            for (int frame = 0; frame < frames.size(); frame++) {
                for (int band = 0; band < 8; band++) {
                    target[8 * frame + band] = frames.get(frame).get(band).floatValue();
                }
            }
            return frames.size();
        }
    }
}
