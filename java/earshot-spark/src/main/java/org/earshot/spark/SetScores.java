package org.earshot.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.earshot.RecordingContext;
import org.earshot.dataset.Dataset.Clip;
import org.earshot.dataset.Dataset.Unlabelled;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.ProgressListener;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.evaluation.Evaluator;
import org.earshot.evaluation.ModelEvaluation;
import org.earshot.files.Quoted;
import org.earshot.spark.SetPartition.Scored;
import org.earshot.spark.SetPartition.Told;

/**
 * A labelled set that executors have scored. The driver has names, labels, contexts and scores of all clips, and
 * measures with them what {@link Evaluator} does; it has no sound and no features.
 */
final class SetScores {
    private final SetRows rows;
    private final List<ModelSource> models;
    private final SparkOptions options;
    private final List<Scored> clips = new ArrayList<>();
    private final List<String> unreadable = new ArrayList<>();

    /** Scores the recordings that have a label with all models, and waits for it. */
    SetScores(SetRows rows, List<ModelSource> models, SparkOptions options) {
        this.rows = rows;
        this.models = models;
        this.options = options;
        Set<String> names = new HashSet<>();
        scored(models, null).stream()
                .sorted(Comparator.comparingLong(Scored::order).thenComparing(Scored::name))
                .forEach(clip -> {
                    if (!names.add(clip.name())) {
                        throw PseudoLabels.sameName(options.name(), Quoted.of(clip.name()) + " again");
                    }
                    if (clip.error() == null) {
                        clips.add(clip);
                    } else {
                        unreadable.add(clip.error());
                    }
                });
    }

    private List<Scored> scored(List<ModelSource> scoring, Broadcast<Map<String, List<Told>>> told) {
        Scorer scorer = Shipped.to(rows.rows().context()).scorer(scoring, options, rows.recording());
        return rows.rows().mapPartitions(new SetPartition(scorer, rows, told)).collect();
    }

    /** What is wrong with recordings, in the set's order. */
    List<String> unreadable() {
        return unreadable;
    }

    /**
     * Measures.
     *
     * @param source what the set is called
     * @param names what the models are called
     */
    Evaluation evaluate(String source, List<String> names, EvaluationOptions measured) {
        List<String> labels = models.get(0).config().labels();
        org.earshot.dataset.Dataset set = org.earshot.dataset.Dataset.of(
                        Path.of(source),
                        IntStream.range(0, clips.size())
                                .mapToObj(i -> clip(i + 1, clips.get(i)))
                                .toList())
                .labelled(labels, Unlabelled.REFUSED);
        List<RecordingContext> contexts = set.contexts();
        Evaluator evaluator = new Evaluator(set, labels, measured);
        List<ModelEvaluation> evaluations = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            int model = i;
            evaluations.add(evaluator.evaluate(
                    names.get(model),
                    models.get(model).config(),
                    (chosen, told, progress) -> told.equals(contexts)
                            ? clips.stream().map(clip -> clip.scores()[model]).toArray(float[][]::new)
                            : scores(models.get(model), chosen, told),
                    ProgressListener.none(),
                    ProgressListener.none()));
        }
        return evaluator.together(evaluations);
    }

    private static Clip clip(int line, Scored clip) {
        return new Clip(
                line, clip.name(), EarshotSpark.subject(clip.name()), clip.context(), Optional.of(clip.label()));
    }

    /** Has executors score clips again, in other contexts. */
    private float[][] scores(ModelSource model, int[] chosen, List<RecordingContext> told) {
        Map<String, List<Told>> names = new HashMap<>();
        for (int i = 0; i < chosen.length; i++) {
            names.computeIfAbsent(clips.get(chosen[i]).name(), name -> new ArrayList<>())
                    .add(new Told(i, told.get(i)));
        }
        Broadcast<Map<String, List<Told>>> sent =
                JavaSparkContext.fromSparkContext(rows.rows().context()).broadcast(names);
        float[][] scores = new float[chosen.length][];
        try {
            for (Scored clip : scored(List.of(model), sent)) {
                if (clip.error() != null) {
                    throw DatasetException.asBefore(clip.error());
                }
                scores[(int) clip.order()] = clip.scores()[0];
            }
        } finally {
            sent.destroy();
        }
        return scores;
    }
}
