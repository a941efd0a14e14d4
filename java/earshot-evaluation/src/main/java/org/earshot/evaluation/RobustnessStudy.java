package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.earshot.RecordingContext;
import org.earshot.dataset.ProgressListener;
import org.earshot.evaluation.RobustnessCurve.Change;
import org.earshot.evaluation.RobustnessCurve.Point;
import org.earshot.model.ContextParameters;

/**
 * Draws the robustness curves of a model. All draws are made first; each clip is then classified once for every context
 * that the model can tell from the others, however many draws told it that one.
 */
final class RobustnessStudy {
    private final EvaluationOptions options;
    private final List<RecordingContext> contexts;
    private final Answers untouched;

    /**
     * Prepares the study of one model.
     *
     * @param contexts the right ones
     * @param untouched what the model answers with them
     */
    RobustnessStudy(EvaluationOptions options, List<RecordingContext> contexts, Answers untouched) {
        this.options = options;
        this.contexts = contexts;
        this.untouched = untouched;
    }

    /** Classifies clips in contexts. */
    @FunctionalInterface
    interface Model {
        /**
         * The answers.
         *
         * @param clips positions in the set; some may be there several times
         * @param told what is said of each
         * @param progress told of each
         * @return their classes, in the order of the untouched answers' labels
         */
        int[] answers(int[] clips, List<RecordingContext> told, ProgressListener progress);
    }

    /** One draw: the number of what each clip is told, in {@link Told}. */
    private static final class Draw {
        private final Change change;
        private final int percent;
        private final int[] told;

        Draw(Change change, int percent, int... told) {
            this.change = change;
            this.percent = percent;
            this.told = told;
        }
    }

    /**
     * Curves of a model with context.
     *
     * @param parameters how it encodes contexts
     */
    List<RobustnessCurve> curves(ContextParameters parameters, Model model, ProgressListener progress) {
        Told told = new Told(parameters);
        // The untouched set comes first: its answers are known.
        int[] right = told.numbers(contexts);
        int known = told.size();
        List<Draw> draws = draws(told);
        int[] answers = new int[told.size()];
        for (int clip = 0; clip < right.length; clip++) {
            answers[right[clip]] = untouched.answer(clip);
        }
        told.answerFrom(known, answers, model, progress);
        List<RobustnessCurve> curves = new ArrayList<>();
        for (Change change : Change.values()) {
            if (!shares(change).isEmpty()) {
                List<Point> points = new ArrayList<>();
                points.add(point(0, List.of(score(answers, right))));
                for (int percent : shares(change)) {
                    points.add(point(
                            percent,
                            draws.stream()
                                    .filter(draw -> draw.change == change && draw.percent == percent)
                                    .map(draw -> score(answers, draw.told))
                                    .toList()));
                }
                curves.add(new RobustnessCurve(change, points));
            }
        }
        return curves;
    }

    private List<Integer> shares(Change change) {
        return switch (change) {
            case SHUFFLED -> options.shuffled();
            case UNSEEN_CITY -> options.unseen();
        };
    }

    private List<Draw> draws(Told told) {
        List<Draw> draws = new ArrayList<>();
        SplittableRandom seeds = new SplittableRandom(options.seed());
        for (int repeat = 0; repeat < options.repeats(); repeat++) {
            ContextShift shift = new ContextShift(contexts, seeds.nextLong());
            for (int percent : options.shuffled()) {
                draws.add(new Draw(Change.SHUFFLED, percent, told.numbers(shift.shuffled(percent))));
            }
            for (int percent : options.unseen()) {
                draws.add(new Draw(Change.UNSEEN_CITY, percent, told.numbers(shift.unseen(percent, options.cities()))));
            }
        }
        return draws;
    }

    private Scores score(int[] answers, int... told) {
        return score(Arrays.stream(told).map(number -> answers[number]).toArray());
    }

    private Scores score(int... answers) {
        int[] truth = IntStream.range(0, answers.length).map(untouched::truth).toArray();
        return Scores.of(
                ConfusionMatrix.count(truth, answers, untouched.labels().size()));
    }

    private static Point point(int percent, List<Scores> runs) {
        double[] accuracy = runs.stream().mapToDouble(Scores::accuracy).toArray();
        double[] macroAccuracy =
                runs.stream().mapToDouble(Scores::macroAccuracy).toArray();
        return new Point(
                percent,
                runs.size(),
                mean(accuracy),
                deviation(accuracy),
                mean(macroAccuracy),
                deviation(macroAccuracy));
    }

    private static double mean(double... values) {
        return Arrays.stream(values).sum() / values.length;
    }

    /** Of a sample: divided by one less than its size. */
    private static double deviation(double... values) {
        if (values.length == 1) {
            return 0;
        }
        double mean = mean(values);
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.length - 1));
    }

    /** All that clips are told, each different thing once, numbered from 0 as the model can tell them apart. */
    private static final class Told {
        private final ContextParameters parameters;
        private final Map<List<Float>, Integer> times = new HashMap<>();
        private final Map<Key, Integer> numbers = new HashMap<>();
        private final List<Key> keys = new ArrayList<>();
        private final List<RecordingContext> contexts = new ArrayList<>();

        /** A clip in a context, as the model sees it. */
        private record Key(int clip, int location, int time) {}

        Told(ContextParameters parameters) {
            this.parameters = parameters;
        }

        int size() {
            return keys.size();
        }

        /** The numbers of what a whole set is told. */
        int[] numbers(List<RecordingContext> told) {
            return IntStream.range(0, told.size())
                    .map(clip -> number(clip, told.get(clip)))
                    .toArray();
        }

        private int number(int clip, RecordingContext context) {
            List<Float> features = new ArrayList<>();
            for (float feature : parameters.timeFeatures(context.time().orElse(null))) {
                features.add(feature);
            }
            int time = times.computeIfAbsent(features, key -> times.size());
            Key key = new Key(clip, parameters.locationRow(context.city().orElse(null)), time);
            return numbers.computeIfAbsent(key, absent -> {
                keys.add(key);
                contexts.add(context);
                return numbers.size();
            });
        }

        /** Fills in the answers from a number on, clip by clip so that their features lie close together. */
        void answerFrom(int first, int[] answers, Model model, ProgressListener progress) {
            List<Integer> order = IntStream.range(first, size())
                    .boxed()
                    .sorted(Comparator.comparingInt(number -> keys.get(number).clip))
                    .toList();
            if (order.isEmpty()) {
                return;
            }
            int[] clips =
                    order.stream().mapToInt(number -> keys.get(number).clip).toArray();
            int[] found = model.answers(clips, order.stream().map(contexts::get).toList(), progress);
            for (int i = 0; i < found.length; i++) {
                answers[order.get(i)] = found[i];
            }
        }
    }
}
