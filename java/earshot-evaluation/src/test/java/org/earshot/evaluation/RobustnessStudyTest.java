package org.earshot.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.earshot.RecordingContext;
import org.earshot.dataset.ProgressListener;
import org.earshot.model.ContextParameters;
import org.earshot.model.ContextParameters.TimeEncoding;
import org.earshot.model.ContextParameters.UnknownLocation;
import org.junit.jupiter.api.Test;

class RobustnessStudyTest {
    private static final List<String> CITIES = List.of("Jinan", "Sanya", "Nanchang");
    private static final LocalDateTime TIME = LocalDateTime.of(2023, 6, 18, 12, 0);
    private static final int CLIPS = 40;

    /** A model that answers the city it is told, and is right as long as that is the clip's. */
    private static final class CityModel implements RobustnessStudy.Model {
        private final Set<String> asked = new HashSet<>();
        private int runs;

        @Override
        public int[] answers(int[] clips, List<RecordingContext> told, ProgressListener progress) {
            int[] answers = new int[clips.length];
            for (int i = 0; i < clips.length; i++) {
                asked.add(clips[i] + " " + told.get(i));
                answers[i] = CITIES.indexOf(told.get(i).city().orElseThrow());
            }
            runs += clips.length;
            return answers;
        }
    }

    private static List<RecordingContext> contexts() {
        List<RecordingContext> contexts = new ArrayList<>();
        for (int clip = 0; clip < CLIPS; clip++) {
            contexts.add(RecordingContext.of(CITIES.get(clip % 2), TIME.plusHours(clip)));
        }
        return contexts;
    }

    private static Answers untouched() {
        int[] truth = new int[CLIPS];
        float[][] probabilities = new float[CLIPS][3];
        for (int clip = 0; clip < CLIPS; clip++) {
            truth[clip] = clip % 2;
            probabilities[clip][clip % 2] = 1;
        }
        return Answers.of(CITIES, truth, probabilities);
    }

    private static List<RobustnessCurve> curves(TimeEncoding encoding, CityModel model) {
        EvaluationOptions options =
                new EvaluationOptions(15, 1, 0, 3, List.of(1, 50, 100), List.of(10, 100), List.of("Nanchang"), 4);
        return new RobustnessStudy(options, contexts(), untouched())
                .curves(new ContextParameters(CITIES, encoding, UnknownLocation.ERROR), model, ProgressListener.none());
    }

    @Test
    void pointsAreMeanAndSpreadOfTheDraws() {
        List<RobustnessCurve> curves = curves(TimeEncoding.CYCLIC, new CityModel());
        List<RobustnessCurve.Point> shuffled = curves.get(0).points();
        assertEquals(new RobustnessCurve.Point(0, 1, 1, 0, 1, 0), shuffled.get(0));
        // 1 % of 40 clips rounds to none.
        assertEquals(new RobustnessCurve.Point(1, 4, 1, 0, 1, 0), shuffled.get(1));
        SplittableRandom seeds = new SplittableRandom(3);
        double[] accuracies = new double[4];
        double mean = 0;
        for (int draw = 0; draw < 4; draw++) {
            List<RecordingContext> told = new ContextShift(contexts(), seeds.nextLong()).shuffled(100);
            for (int clip = 0; clip < CLIPS; clip++) {
                boolean right =
                        told.get(clip).city().equals(contexts().get(clip).city());
                accuracies[draw] += right ? 1.0 / CLIPS : 0;
            }
            mean += accuracies[draw] / 4;
        }
        double squares = 0;
        for (double accuracy : accuracies) {
            squares += (accuracy - mean) * (accuracy - mean);
        }
        assertEquals(mean, shuffled.get(3).accuracy(), 1e-12);
        assertEquals(Math.sqrt(squares / 3), shuffled.get(3).accuracySpread(), 1e-12);
        assertTrue(mean > 0.2 && mean < 0.8);
        // All that are told Nanchang are wrong: of 40 clips 4, or all.
        List<RobustnessCurve.Point> unseen = curves.get(1).points();
        assertEquals(0.9, unseen.get(1).accuracy(), 1e-12);
        assertEquals(0, unseen.get(1).accuracySpread(), 1e-12);
        assertEquals(0, unseen.get(2).accuracy());
    }

    @Test
    void whatTheModelCannotTellApartIsClassifiedOnce() {
        CityModel model = new CityModel();
        curves(TimeEncoding.ZEROS, model);
        // Without times a clip can only be told the other city, or Nanchang.
        assertTrue(model.runs <= 2 * CLIPS, model.runs + " runs");
        assertTrue(model.runs > CLIPS, model.runs + " runs");
        CityModel withTimes = new CityModel();
        curves(TimeEncoding.CYCLIC, withTimes);
        assertEquals(withTimes.asked.size(), withTimes.runs);
        assertTrue(withTimes.runs > model.runs);
    }

    @Test
    void optionsAreChecked() {
        assertThrows(
                IllegalArgumentException.class, () -> EvaluationOptions.usual().withCurves(List.of(0), List.of()));
        assertThrows(
                IllegalArgumentException.class, () -> EvaluationOptions.usual().withCurves(List.of(5, 5), List.of()));
        assertThrows(
                IllegalArgumentException.class, () -> EvaluationOptions.usual().withCurves(List.of(), List.of(101)));
        assertThrows(
                IllegalArgumentException.class,
                () -> new EvaluationOptions(0, 1, 0, 0, List.of(), List.of(), List.of(), 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> new EvaluationOptions(1, 1, 0, 0, List.of(), List.of(5), List.of(), 1));
    }
}
