package org.earshot.spark;

import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.earshot.dataset.DatasetException;
import org.earshot.evaluation.EvaluationJson;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.labelling.LabellingRule;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sets that are labelled and measured, as the command line does. */
class SetsTest {
    private static final Path GOLDEN = CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden");
    private static final Path SMALL = GOLDEN.resolve("mobile-asc-net-none");
    private static final Path EARLY = GOLDEN.resolve("mobile-asc-net-early");
    private static final Path DEMO = CommandLine.ROOT.resolve("tools/demo-model");

    private static final StructType SET = new StructType()
            .add("line", DataTypes.LongType)
            .add("filename", DataTypes.StringType)
            .add("path", DataTypes.StringType)
            .add("location", DataTypes.StringType)
            .add("record_time", DataTypes.TimestampNTZType)
            .add("truth", DataTypes.StringType);

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = Sessions.start(SparkSession.builder().master("local[2]"), "spark.sql.shuffle.partitions", "3");
    }

    @AfterAll
    static void stop() {
        spark.stop();
        assertEquals(0, ExecutorClassifiers.size());
    }

    @Test
    void labelsAreTheCommandLines() throws Exception {
        List<String> files = Recordings.writeAll(folder, 11, 1);
        // The same sound by other names: equals, which the share divides; by UTF-16 the second comes first.
        List<String> same =
                List.of("twin-\uFF5E.wav", "twin-\uD83D\uDE8C.wav", "twin-b.wav", "twin-a.wav", "twin-c.wav");
        for (String name : same) {
            files.add(Files.copy(Path.of(files.get(0)), folder.resolve(name)).toString());
        }
        Path metadata = metadata(files, i -> "");
        for (double share : new double[] {0, 0.65}) {
            Path output = folder.resolve("labels-" + share + ".csv");
            CommandLine.Outcome line = CommandLine.earshot(
                    "pseudo-label",
                    "--first",
                    SMALL.toString(),
                    "--second",
                    EARLY.toString(),
                    "--metadata",
                    metadata.toString(),
                    "--audio",
                    folder.toString(),
                    "--share",
                    "" + share,
                    "--output",
                    output.toString());
            assertEquals(0, line.code(), line.errors());
            Dataset<Row> expected = spark.read().option("header", true).csv(output.toString());
            Dataset<Row> labels = EarshotSpark.pseudoLabel(
                    set(metadata),
                    ModelSource.directory(SMALL),
                    Optional.of(ModelSource.directory(EARLY)),
                    new LabellingRule(share, 0),
                    setColumns());
            String[] columns = {"filename", "scene_label", "confidence", "step", "first_label", "second_label"};
            assertEquals(texts(expected, columns), texts(labels.filter("step is not null"), columns), "share " + share);
            assertEquals(files.size(), labels.count());
            spark.catalog().clearCache();
        }
    }

    /** The challenge's CSV, of files in {@link #folder}. */
    private Path metadata(List<String> files, java.util.function.IntFunction<String> label) throws IOException {
        StringBuilder csv = new StringBuilder("filename,location,record_time,scene_label\n");
        for (int i = 0; i < files.size(); i++) {
            csv.append(Path.of(files.get(i)).getFileName())
                    .append(i % 2 == 0 ? ",Jinan" : ",Xi'an")
                    .append(",2023-06-18 %02d:44:00,".formatted(i % 24))
                    .append(label.apply(i))
                    .append('\n');
        }
        return Files.writeString(folder.resolve("metadata.csv"), csv, StandardCharsets.UTF_8);
    }

    /** The same as rows. */
    private Dataset<Row> set(Path metadata) {
        return spark.createDataFrame(rows(metadata), SET).repartition(4);
    }

    private List<Row> rows(Path metadata) {
        List<Row> rows = new ArrayList<>();
        org.earshot.dataset.Dataset.open(metadata, folder)
                .clips()
                .forEach(clip -> rows.add(RowFactory.create(
                        clip.line(),
                        clip.name(),
                        clip.audio().toString(),
                        clip.context().city().orElse(null),
                        clip.context().time().orElse(null),
                        clip.label().orElse(null))));
        return rows;
    }

    private static SparkOptions setColumns() {
        return SparkOptions.defaults()
                .withCityColumn("location")
                .withTimeColumn("record_time")
                .withNameColumn("filename")
                .withLabelColumn("truth")
                .withOrderColumn("line");
    }

    private static List<String> texts(Dataset<Row> rows, String... columns) {
        return rows.selectExpr(columns).collectAsList().stream()
                .map(row -> IntStream.range(0, row.length())
                        .mapToObj(i -> String.valueOf(row.get(i)))
                        .toList()
                        .toString())
                .sorted()
                .toList();
    }

    @Test
    void figuresAreTheCommandLines() throws Exception {
        List<String> files = new ArrayList<>(Recordings.writeAll(folder, 14, 1));
        files.add(3, Recordings.writeBroken(folder.resolve("broken.wav"), 1).toString());
        List<String> labels = List.of("Bus", "urban_park", "Metro", "");
        Path metadata = metadata(files, i -> labels.get(i % labels.size()));
        CommandLine.Outcome line = CommandLine.earshot(
                "evaluate",
                DEMO.toString(),
                "--metadata",
                metadata.toString(),
                "--audio",
                folder.toString(),
                "--metadata-shuffle",
                "50,100",
                "--unseen-cities",
                "--repeats",
                "2",
                "--skip-unreadable",
                "--json",
                "-");
        assertEquals(0, line.code(), line.errors());
        EvaluationOptions usual = EvaluationOptions.usual();
        EvaluationOptions measured = new EvaluationOptions(
                usual.bins(),
                usual.draws(),
                usual.mistakes(),
                usual.seed(),
                List.of(50, 100),
                List.of(50, 100),
                usual.cities(),
                2);
        Map<String, ModelSource> models = Map.of("demo-model", ModelSource.directory(DEMO));
        JavaRDD<Row> rows =
                JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(rows(metadata), 3);
        for (SetEvaluation found : List.of(
                EarshotSpark.evaluate(set(metadata), "metadata.csv", models, measured, setColumns()),
                EarshotSpark.evaluate(rows, SET, "metadata.csv", models, measured, setColumns()))) {
            ByteArrayOutputStream json = new ByteArrayOutputStream();
            EvaluationJson.write(found.evaluation(), json);
            assertEquals(line.out(), json.toString(StandardCharsets.UTF_8));
            assertEquals(0, found.unreadable().size());
        }
    }

    @Test
    void whatIsReadOnceIsClassifiedFromFeatures() throws Exception {
        List<String> files = new ArrayList<>(Recordings.writeAll(folder, 5, 2));
        files.add(Recordings.writeBroken(folder.resolve("broken.wav"), 1).toString());
        Path metadata = metadata(files, i -> "Bus");
        ModelSource model = ModelSource.directory(SMALL);
        String parquet = folder.resolve("features").toString();
        EarshotSpark.features(set(metadata), model, setColumns()).write().parquet(parquet);
        Dataset<Row> features = spark.read().parquet(parquet);
        assertEquals(
                1, features.filter("error is not null and features is null").count());
        Dataset<Row> kept = features.drop("error");
        SparkOptions from = setColumns().withFeaturesColumn("features");
        for (Path file : List.of(folder.resolve("recording-000.wav"), folder.resolve("broken.wav"))) {
            Files.delete(file);
        }
        LabellingRule rule = new LabellingRule(1, 0);
        Dataset<Row> labels = EarshotSpark.pseudoLabel(kept, model, Optional.empty(), rule, from);
        assertEquals(5, labels.filter("step = 1").count());
        Files.deleteIfExists(folder.resolve("recording-001.wav"));
        assertEquals(
                5,
                EarshotSpark.classify(kept, model, from)
                        .filter("label is not null")
                        .count());
        SetEvaluation evaluation =
                EarshotSpark.evaluate(kept, "set", Map.of("one", model), EvaluationOptions.usual(), from);
        assertEquals(5, evaluation.evaluation().clips());
        assertEquals(1, evaluation.unreadable().size());
    }

    @Test
    void rowsWithoutAPlaceComeFirst() throws Exception {
        String good = Recordings.writeAll(folder, 1, 1).get(0);
        List<Row> rows = List.of(
                RowFactory.create(1L, "good", good, null, null, "Bus"),
                RowFactory.create(0L, "later", folder.resolve("later.wav").toString(), null, null, "Bus"),
                RowFactory.create(null, "sooner", folder.resolve("sooner.wav").toString(), null, null, "Bus"));
        SetEvaluation evaluation = EarshotSpark.evaluate(
                spark.createDataFrame(rows, SET),
                "set",
                Map.of("one", ModelSource.directory(SMALL)),
                EvaluationOptions.usual(),
                setColumns());
        assertEquals(2, evaluation.unreadable().size());
        assertTrue(evaluation.unreadable().get(0).contains("sooner.wav"), evaluation.toString());
    }

    @Test
    void namesMustDiffer() throws Exception {
        String file = Recordings.writeAll(folder, 1, 1).get(0);
        Dataset<Row> twice =
                spark.createDataset(List.of(file, file), Encoders.STRING()).toDF("path");
        SparkOptions options = SparkOptions.defaults();
        DatasetException refused = assertThrows(
                DatasetException.class,
                () -> EarshotSpark.pseudoLabel(
                        twice, ModelSource.directory(SMALL), Optional.empty(), new LabellingRule(1, 0), options));
        assertTrue(refused.getMessage().contains("in 2 rows"), refused.getMessage());
        DatasetException again = assertThrows(
                DatasetException.class,
                () -> EarshotSpark.evaluate(
                        twice.withColumn("scene_label", lit("Bus")),
                        "set",
                        Map.of("one", ModelSource.directory(SMALL)),
                        EvaluationOptions.usual(),
                        options));
        assertTrue(again.getMessage().contains("again"), again.getMessage());
        spark.catalog().clearCache();
    }
}
