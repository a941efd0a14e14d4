package org.earshot.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.trim;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
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

/**
 * A labelled set that executors have scored. The driver has names, labels, contexts and scores of all clips, and
 * measures with them what {@link Evaluator} does; it has no sound and no features.
 */
final class SetScores {
    /** Columns of what clips are told, which recordings are joined with. */
    private static final String CLIP = "earshot_clip";

    private static final String NAME = "earshot_name";
    private static final String CITY = "earshot_city";
    private static final String TIME = "earshot_time";

    private static final StructType TOLD = new StructType()
            .add(CLIP, DataTypes.IntegerType)
            .add(NAME, DataTypes.StringType)
            .add(CITY, DataTypes.StringType)
            .add(TIME, DataTypes.TimestampNTZType);

    private final Dataset<Row> recordings;
    private final List<ModelSource> models;
    private final SparkOptions options;
    private final List<Scored> clips;
    private final List<String> unreadable = new ArrayList<>();

    /**
     * A clip.
     *
     * @param order its place in the set
     * @param error what is wrong with it, null for nothing
     * @param context null if something is wrong with it
     * @param scores of each model
     */
    private record Scored(
            long order, String name, String label, String error, RecordingContext context, List<float[]> scores) {}

    /** Scores the recordings that have a label with all models, and waits for it. */
    SetScores(Dataset<Row> all, List<ModelSource> models, SparkOptions options) {
        this.models = models;
        this.options = options;
        RecordingColumns.find(all, Optional.of(options.label()), "withLabelColumn", DataTypes.StringType);
        recordings = all.filter(trim(RecordingColumns.column(options.label())).notEqual(""));
        String zone = EarshotSpark.zone(all.sparkSession());
        List<Column> wanted = new ArrayList<>(List.of(
                options.order()
                        .map(order -> RecordingColumns.column(order).cast("long"))
                        .orElse(lit(0L)),
                RecordingColumns.column(options.name()),
                RecordingColumns.column(options.label()),
                col(ScorePartition.ERROR),
                optional(options.city()),
                optional(options.time())));
        int first = wanted.size();
        for (int model = 0; model < models.size(); model++) {
            wanted.add(col(ScorePartition.SCORES).getItem(model));
        }
        clips = new ArrayList<>();
        Set<String> names = new HashSet<>();
        EarshotSpark.score(recordings, models, options).select(wanted.toArray(Column[]::new)).collectAsList().stream()
                .map(row -> scored(row, first, zone))
                .sorted(Comparator.comparingLong(Scored::order).thenComparing(Scored::name))
                .forEach(clip -> {
                    if (!names.add(clip.name)) {
                        throw PseudoLabels.sameName(options.name(), Quoted.of(clip.name) + " again");
                    }
                    if (clip.error == null) {
                        clips.add(clip);
                    } else {
                        unreadable.add(clip.error);
                    }
                });
    }

    private static Column optional(Optional<String> column) {
        return column.map(RecordingColumns::column).orElse(lit(null).cast("string"));
    }

    private Scored scored(Row row, int first, String zone) {
        String error = row.getString(3);
        return new Scored(
                row.getLong(0),
                String.valueOf(row.get(1)),
                row.getString(2),
                error,
                error == null ? RecordingColumns.context(row.getString(4), row.get(5), zone) : null,
                IntStream.range(0, error == null ? models.size() : 0)
                        .mapToObj(model -> RecordingColumns.floats(row, first + model))
                        .toList());
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
                            ? clips.stream().map(clip -> clip.scores.get(model)).toArray(float[][]::new)
                            : scores(models.get(model), chosen, told),
                    ProgressListener.none(),
                    ProgressListener.none()));
        }
        return evaluator.together(evaluations);
    }

    private static Clip clip(int line, Scored clip) {
        return new Clip(line, clip.name, EarshotSpark.subject(clip.name), clip.context, Optional.of(clip.label));
    }

    /** Has executors score clips again, in other contexts. */
    private float[][] scores(ModelSource model, int[] chosen, List<RecordingContext> told) {
        List<Row> rows = IntStream.range(0, chosen.length)
                .mapToObj(i -> RowFactory.create(
                        i,
                        clips.get(chosen[i]).name,
                        told.get(i).city().orElse(null),
                        told.get(i).time().orElse(null)))
                .toList();
        Dataset<Row> contexts = recordings.sparkSession().createDataFrame(rows, TOLD);
        Dataset<Row> again = recordings.join(
                contexts, RecordingColumns.column(options.name()).equalTo(contexts.col(NAME)));
        float[][] scores = new float[chosen.length][];
        EarshotSpark.score(again, List.of(model), options.withCityColumn(CITY).withTimeColumn(TIME))
                .select(
                        col(CLIP),
                        col(ScorePartition.ERROR),
                        col(ScorePartition.SCORES).getItem(0))
                .collectAsList()
                .forEach(row -> {
                    if (!row.isNullAt(1)) {
                        throw DatasetException.asBefore(row.getString(1));
                    }
                    scores[row.getInt(0)] = RecordingColumns.floats(row, 2);
                });
        return scores;
    }
}
