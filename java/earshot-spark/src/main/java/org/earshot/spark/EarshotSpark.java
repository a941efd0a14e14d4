package org.earshot.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.earshot.dataset.DatasetException;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.evaluation.Evaluator;
import org.earshot.labelling.LabellingRule;
import org.earshot.model.ModelConfig;

/**
 * Earshot on data frames. A row is a recording: the column {@code path} (or another, see {@link SparkOptions}) says
 * where it lies; other columns, if they are named, where and when it was made. Every executor must be able to read the
 * paths.
 *
 * <pre>{@code
 * Dataset<Row> recordings = spark.read().parquet("recordings");     // path, city, time, sensor
 * ModelSource model = ModelSource.directory(Path.of("model"));
 * SparkOptions options = SparkOptions.defaults().withCityColumn("city").withTimeColumn("time");
 * EarshotSpark.classify(recordings, model, options).write().parquet("scenes");
 * }</pre>
 *
 * <p>Rows are kept with all their columns but those that hold the sound itself; answers are columns behind them. What
 * is wrong with a recording, or with what a row says of it, is in the row's {@code error}: it never fails a job. What
 * is wrong with a model does, before any work. Rows of a partition keep their order. Those that stream may be given to
 * {@link #classify} and {@link #features}.
 *
 * <p>Each executor has one classifier of a model, which its tasks share: a call computes on as many threads as
 * {@code spark.task.cpus} says, or on the GPU whose address Spark gave the task
 * ({@code spark.task.resource.gpu.amount}, whole or a part). It is closed with the executor.
 */
public final class EarshotSpark {
    private EarshotSpark() {}

    /**
     * Classifies recordings, each as {@code tools/earshot classify} does: a long one in windows, read by its path as it
     * is computed; short ones some at a time.
     *
     * @param recordings a row each
     * @param model which classifies them
     * @param options which columns they are in, and how to compute
     * @return the rows with {@code label}, {@code probability}, {@code ranking} (array of label and probability, the
     *     most probable first), {@code coarse} and {@code fine} (each with label, probability, ranking; only of a model
     *     that decides in two stages), {@code notes} (array of texts, null if the recording is whole), {@code windows}
     *     (array of start and length in seconds, label, probability, ranking; null if there is only one),
     *     {@code embedding} (array of floats; only if asked for), {@code backend}, and {@code error}
     * @throws org.earshot.error.EarshotException if a column is missing, there twice, of another type, or has the name
     *     of one of these
     */
    public static Dataset<Row> classify(Dataset<Row> recordings, ModelSource model, SparkOptions options) {
        RecordingColumns columns = columns(recordings, options);
        if (options.embedding() && options.features().isPresent()) {
            throw new DatasetException(
                    "withEmbedding",
                    "features in place of recordings (withFeaturesColumn)",
                    "recordings, as embeddings are made of sound");
        }
        PredictionColumns added = new PredictionColumns(model.twoStages(), options.embedding());
        Shipped shipped = Shipped.to(recordings.sparkSession());
        return map(
                recordings,
                columns,
                added.fields(),
                new ClassifyPartition(shipped.model(model), shipped.hadoop(), options, columns, added));
    }

    /**
     * Labels recordings with one model or with two as {@code tools/earshot pseudo-label} does. Which are the surest is
     * found by sorting confidence and name across the cluster; equals are ranked by name.
     *
     * <p>The scores are computed when this is called, and kept by Spark (in memory, what does not fit on disk) for as
     * long as the application runs or until {@code spark.catalog().clearCache()}.
     *
     * @param recordings a row each, each with another name ({@link SparkOptions#withNameColumn})
     * @param first the model whose answers become labels
     * @param second the model that is asked of the recordings which the first is not sure of, if there is one
     * @param rule which recordings keep a label
     * @param options which columns they are in, and how to compute
     * @return the rows with {@code scores} (array for each model of its probabilities, in the order of its labels),
     *     {@code error}, {@code first_label}, {@code confidence}, {@code second_label}, {@code step} (1 or 2; null for
     *     those that keep none) and {@code scene_label} (null likewise)
     * @throws org.earshot.error.EarshotException as {@link #classify}; if the models differ in labels or features; if
     *     two rows have the same name; if the rows stream
     */
    public static Dataset<Row> pseudoLabel(
            Dataset<Row> recordings,
            ModelSource first,
            Optional<ModelSource> second,
            LabellingRule rule,
            SparkOptions options) {
        requireEnd(recordings, "pseudoLabel");
        List<ModelSource> models = new ArrayList<>(List.of(first));
        second.ifPresent(model -> {
            model.config().requireLabelsOf(first.config());
            model.config().requireFeaturesOf(first.config());
            models.add(model);
        });
        return PseudoLabels.of(
                score(recordings, models, options),
                models.stream().map(model -> model.config().labels()).toList(),
                rule,
                options.name());
    }

    /**
     * Measures models on the labelled recordings among the rows as {@code tools/earshot evaluate} does: the same
     * figures for the same set in the same order ({@link SparkOptions#withOrderColumn}). Executors score; the driver
     * gathers the scores, about a kilobyte a recording and model, and measures.
     *
     * @param recordings a row each, each with another name ({@link SparkOptions#withNameColumn})
     * @param set what it is called
     * @param models by the names that they are called, at least one, in the order of the tables
     * @param measured what is measured
     * @param options which columns they are in, and how to compute
     * @return the figures, and what could not be read
     * @throws org.earshot.error.EarshotException as {@link #classify}; if the models cannot stand side by side; if two
     *     rows have the same name, or one a label that the models do not have; if the rows stream
     */
    public static SetEvaluation evaluate(
            Dataset<Row> recordings,
            String set,
            Map<String, ModelSource> models,
            EvaluationOptions measured,
            SparkOptions options) {
        requireEnd(recordings, "evaluate");
        return evaluate(SetRows.of(recordings, options), set, models, measured, options);
    }

    /**
     * Measures models as {@link #evaluate(Dataset, String, Map, EvaluationOptions, SparkOptions)} does, on rows that
     * are no data frame: Spark plans nothing and generates no code, which takes seconds of the driver and of each
     * executor.
     *
     * @param recordings a row each, each with another name
     * @param schema of the rows; names of columns that differ in case are different
     * @param set what it is called
     * @param models by the names that they are called, at least one, in the order of the tables
     * @param measured what is measured
     * @param options which columns they are in (the order's is of longs), and how to compute
     * @return the figures, and what could not be read
     * @throws org.earshot.error.EarshotException as for a data frame
     */
    public static SetEvaluation evaluate(
            JavaRDD<Row> recordings,
            StructType schema,
            String set,
            Map<String, ModelSource> models,
            EvaluationOptions measured,
            SparkOptions options) {
        return evaluate(SetRows.of(recordings, schema, options), set, models, measured, options);
    }

    private static SetEvaluation evaluate(
            SetRows rows,
            String set,
            Map<String, ModelSource> models,
            EvaluationOptions measured,
            SparkOptions options) {
        List<ModelSource> sources = List.copyOf(models.values());
        List<ModelConfig> configs = sources.stream().map(ModelSource::config).toList();
        Evaluator.requireComparable(configs, measured);
        SetScores scores = new SetScores(rows, sources, options);
        return new SetEvaluation(scores.evaluate(set, List.copyOf(models.keySet()), measured), scores.unreadable());
    }

    /**
     * Computes the log-mel features that a model is fed with, to be written once and classified, labelled or evaluated
     * from many times ({@link SparkOptions#withFeaturesColumn}). Of a recording longer than a clip they are the first
     * clip's.
     *
     * @param recordings a row each
     * @param model by whose parameters they are computed
     * @param options which columns they are in
     * @return the rows with {@code features} (array of floats: frame by frame, dB) and {@code error}
     * @throws org.earshot.error.EarshotException as {@link #classify}
     */
    public static Dataset<Row> features(Dataset<Row> recordings, ModelSource model, SparkOptions options) {
        RecordingColumns columns = columns(recordings, options);
        Shipped shipped = Shipped.to(recordings.sparkSession());
        return map(
                recordings,
                columns,
                FeaturePartition.ADDED,
                new FeaturePartition(shipped.model(model), shipped.hadoop(), options, columns));
    }

    /**
     * Gives a session the functions of {@link EarshotExtensions}, with a model at hand.
     *
     * @param session whose SQL is to have them
     * @param model which they use
     * @param options how to compute
     */
    public static void register(SparkSession session, ModelSource model, SparkOptions options) {
        SqlFunctions.of(session, model, options)
                .forEach((name, function) -> session.udf().register(name, function));
    }

    /** Scores first clips with all models, which have the same feature parameters. */
    static Dataset<Row> score(Dataset<Row> recordings, List<ModelSource> models, SparkOptions options) {
        RecordingColumns columns = columns(recordings, options);
        Shipped shipped = Shipped.to(recordings.sparkSession());
        return map(
                recordings,
                columns,
                ScorePartition.ADDED,
                new ScorePartition(shipped.scorer(models, options, columns)));
    }

    private static RecordingColumns columns(Dataset<Row> recordings, SparkOptions options) {
        return RecordingColumns.of(ColumnNames.of(recordings), options, zone(recordings.sparkSession()));
    }

    /** What ranks or measures a set wants all of it. */
    private static void requireEnd(Dataset<Row> recordings, String call) {
        if (recordings.isStreaming()) {
            throw new DatasetException(
                    call, "rows that stream", "a set that ends: classify the stream, and call this on what it wrote");
        }
    }

    /** In which timestamps are local. */
    static String zone(SparkSession session) {
        return session.conf().get("spark.sql.session.timeZone");
    }

    private static Dataset<Row> map(
            Dataset<Row> recordings,
            RecordingColumns columns,
            List<StructField> added,
            MapPartitionsFunction<Row, Row> function) {
        return recordings.mapPartitions(function, Encoders.row(columns.schema(ColumnNames.of(recordings), added)));
    }

    /** What messages call a recording whose name need not be a path. */
    static Path subject(String name) {
        return Path.of(name.replace('\0', ' '));
    }
}
