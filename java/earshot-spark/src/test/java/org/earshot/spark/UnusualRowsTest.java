package org.earshot.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.earshot.dataset.DatasetException;
import org.earshot.error.EarshotException;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.labelling.LabellingRule;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Rows as users have them: odd names of files and columns, none at all, or without an end. */
class UnusualRowsTest {
    private static final Path GOLDEN = CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden");
    private static final Path SMALL = GOLDEN.resolve("mobile-asc-net-none");
    private static final Path EARLY = GOLDEN.resolve("mobile-asc-net-early");
    private static final SparkOptions OPTIONS = SparkOptions.defaults();
    private static final LabellingRule ALL = new LabellingRule(1, 0);

    private static SparkSession spark;
    private static ModelSource model;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        model = ModelSource.directory(SMALL);
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 2)
                .config("spark.sql.extensions", EarshotExtensions.class.getName())
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private Dataset<Row> recordings(int count) throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(Recordings.write(folder.resolve(i + ".wav"), i, 1, 44_100).toString());
        }
        return spark.createDataset(files, Encoders.STRING()).toDF("path");
    }

    private static String refused(Executable call) {
        return assertThrows(DatasetException.class, call).getMessage();
    }

    @Test
    void namesOfFilesAreTheirNames() throws IOException {
        Set<String> names =
                Set.of("a b.wav", "100%25.wav", "a#b?c.wav", "ünï-\uD83D\uDE8C.wav", "a:b.wav", "a'b\"c.wav");
        int seed = 0;
        for (String name : names) {
            Recordings.write(folder.resolve(name), seed++, 1, 44_100);
        }
        List<String> plain =
                names.stream().map(folder::resolve).map(Path::toString).toList();
        Dataset<Row> byPath = spark.createDataset(plain, Encoders.STRING()).toDF("path");
        assertEquals(
                0,
                EarshotSpark.classify(byPath, model, OPTIONS)
                        .filter("error is not null")
                        .count());
        // As Spark's own source names them; Hadoop has no colons in names.
        Files.delete(folder.resolve("a:b.wav"));
        Dataset<Row> found =
                spark.read().format("binaryFile").load(folder.toString()).select("path");
        assertEquals(names.size() - 1, found.count());
        List<Row> errors = EarshotSpark.classify(found, model, OPTIONS)
                .filter("error is not null")
                .select("error")
                .collectAsList();
        assertEquals(List.of(), errors);
    }

    @Test
    void whatIsNoPathIsAnErrorOfItsRow() throws IOException {
        String good = recordings(1).first().getString(0);
        List<String> paths = new ArrayList<>(List.of(
                "",
                " ",
                ".",
                "\n",
                folder.toString(),
                "/" + "long/".repeat(2000) + "path.wav",
                "/" + "x".repeat(300) + ".wav",
                "/dev/null",
                "s3a://bucket/a.wav",
                "gs://bucket/a.wav",
                "wasbs://container@account/a.wav",
                "abfss://container@account/a.wav",
                "ftp://localhost:1/a.wav",
                "sftp://localhost/a.wav",
                "http://localhost:1/a.wav",
                "https://localhost:1/a.wav",
                "viewfs://nowhere/a.wav",
                "har://nowhere/a.wav",
                "webhdfs://localhost:1/a.wav",
                "jar:file:/a.jar!/a.wav",
                "nowhere:/a.wav",
                "file://host:port/a.wav",
                "file:/%zz.wav",
                "file:relative.wav",
                "hdfs:///a.wav"));
        paths.add(null);
        Dataset<Row> rows = spark.createDataset(paths, Encoders.STRING())
                .union(spark.createDataset(List.of(good), Encoders.STRING()))
                .toDF("path")
                .repartition(2);
        List<Row> answers = EarshotSpark.classify(rows, model, OPTIONS)
                .select("path", "label", "error")
                .collectAsList();
        assertEquals(paths.size() + 1, answers.size());
        for (Row answer : answers) {
            if (good.equals(answer.get(0))) {
                assertEquals(null, answer.get(2));
            } else {
                assertTrue(answer.isNullAt(1) && answer.getString(2).contains("expected"), answer.toString());
            }
        }
    }

    @Test
    void columnsAreFoundAsSparkFindsThem() throws IOException {
        Dataset<Row> recordings = recordings(1);
        Dataset<Row> capital = recordings.withColumnRenamed("path", "Path");
        assertEquals(
                1,
                EarshotSpark.classify(capital, model, OPTIONS)
                        .filter("label is not null")
                        .count());
        // A table could not hold both.
        assertTrue(refused(() -> EarshotSpark.classify(recordings.withColumn("Label", lit(1)), model, OPTIONS))
                .contains("rename it"));
        Dataset<Row> twice = recordings.select(col("path"), col("path").as("PATH"));
        assertTrue(refused(() -> EarshotSpark.classify(twice, model, OPTIONS)).contains("2 of this name"));
        spark.conf().set("spark.sql.caseSensitive", true);
        try {
            assertTrue(refused(() -> EarshotSpark.classify(capital, model, OPTIONS))
                    .contains("none of this name"));
            Dataset<Row> both = recordings.withColumn("Label", lit(1));
            assertEquals(
                    1,
                    EarshotSpark.classify(both, model, OPTIONS)
                            .filter("label is not null")
                            .count());
        } finally {
            spark.conf().unset("spark.sql.caseSensitive");
        }
    }

    @Test
    void aDotInANameIsADot() throws IOException {
        Dataset<Row> dotted =
                recordings(3).withColumnRenamed("path", "file.name").withColumn("right`one", lit("Bus"));
        SparkOptions columns = OPTIONS.withPathColumn("file.name").withLabelColumn("right`one");
        assertEquals(
                3,
                EarshotSpark.pseudoLabel(dotted, model, Optional.empty(), ALL, columns)
                        .filter("step = 1")
                        .count());
        assertEquals(
                3,
                EarshotSpark.evaluate(dotted, "set", Map.of("one", model), EvaluationOptions.usual(), columns)
                        .evaluation()
                        .clips());
        Dataset<Row> nested = recordings(1).selectExpr("named_struct('path', path) AS meta");
        assertTrue(refused(() -> EarshotSpark.classify(nested, model, OPTIONS.withPathColumn("meta.path")))
                .contains("field of a struct"));
        spark.catalog().clearCache();
    }

    /** What a table says of features is data too: it fails its row and not the job. */
    @Test
    void featuresThatAreNoneAreErrorsOfTheirRows() throws IOException {
        List<Float> good =
                EarshotSpark.features(recordings(1), model, OPTIONS).first().getList(1);
        List<List<Float>> bad = new ArrayList<>();
        bad.add(null);
        bad.add(List.of());
        bad.add(good.subList(1, good.size()));
        bad.add(Collections.nCopies(64 * 100_000, 0f));
        for (Float value : new Float[] {null, Float.NaN, Float.POSITIVE_INFINITY}) {
            List<Float> one = new ArrayList<>(good);
            one.set(70, value);
            bad.add(one);
        }
        List<Row> rows = new ArrayList<>(List.of(RowFactory.create("good", good.toArray(), "Bus")));
        for (int i = 0; i < bad.size(); i++) {
            rows.add(RowFactory.create(
                    "bad " + i, bad.get(i) == null ? null : bad.get(i).toArray(), "Bus"));
        }
        Dataset<Row> table = spark.createDataFrame(
                rows,
                new StructType()
                        .add("path", DataTypes.StringType)
                        .add("values", DataTypes.createArrayType(DataTypes.FloatType))
                        .add("right", DataTypes.StringType));
        SparkOptions columns = OPTIONS.withFeaturesColumn("values").withLabelColumn("right");
        Dataset<Row> labels = EarshotSpark.pseudoLabel(table, model, Optional.empty(), ALL, columns)
                .select("path", "first_label", "error");
        Dataset<Row> scenes = EarshotSpark.classify(table, model, columns).select("path", "label", "error");
        for (Dataset<Row> answers : List.of(scenes, labels)) {
            assertEquals(rows.size(), answers.count());
            for (Row answer : answers.collectAsList()) {
                boolean answered = answer.getString(0).equals("good");
                assertEquals(answered, answer.isNullAt(2), answer.toString());
                assertEquals(answered, !answer.isNullAt(1), answer.toString());
                assertTrue(answered || answer.getString(2).contains("expected"), answer.toString());
            }
        }
        SetEvaluation figures =
                EarshotSpark.evaluate(table, "set", Map.of("one", model), EvaluationOptions.usual(), columns);
        assertEquals(1, figures.evaluation().clips());
        assertEquals(bad.size(), figures.unreadable().size());
        spark.catalog().clearCache();
    }

    @Test
    void noRowsHaveNoAnswers() throws IOException {
        Dataset<Row> none = recordings(1).filter("path is null").withColumn("scene_label", lit("Bus"));
        assertEquals(0, EarshotSpark.classify(none, model, OPTIONS).count());
        assertEquals(0, EarshotSpark.features(none, model, OPTIONS).count());
        assertEquals(
                0,
                EarshotSpark.pseudoLabel(none.drop("scene_label"), model, Optional.empty(), ALL, OPTIONS)
                        .count());
        spark.catalog().clearCache();
        // A rate of nothing is no number.
        assertThrows(
                EarshotException.class,
                () -> EarshotSpark.evaluate(none, "set", Map.of("one", model), EvaluationOptions.usual(), OPTIONS));
    }

    @Test
    void theSameRecordingMayStandInSeveralRows() throws IOException {
        Dataset<Row> one = recordings(1);
        Dataset<Row> answers = EarshotSpark.classify(one.union(one).union(one).repartition(1), model, OPTIONS);
        assertEquals(3, answers.count());
        assertEquals(1, answers.select("path", "probability").distinct().count());
    }

    @Test
    void aStreamIsClassified() throws Exception {
        Path arriving = Files.createDirectory(folder.resolve("arriving"));
        String output = folder.resolve("scenes").toString();
        Dataset<Row> recordings = recordings(4);
        recordings.coalesce(1).write().mode("append").json(arriving.toString());
        Dataset<Row> stream = spark.readStream()
                .schema(new StructType().add("path", DataTypes.StringType))
                .json(arriving.toString());
        EarshotSpark.classify(stream, model, OPTIONS)
                .writeStream()
                .format("parquet")
                .option("checkpointLocation", folder.resolve("checkpoint").toString())
                .trigger(Trigger.AvailableNow())
                .start(output)
                .awaitTermination();
        assertEquals(
                answers(EarshotSpark.classify(recordings, model, OPTIONS)),
                answers(spark.read().parquet(output)));
        assertTrue(refused(() -> EarshotSpark.pseudoLabel(stream, model, Optional.empty(), ALL, OPTIONS))
                .contains("stream"));
        assertTrue(refused(() ->
                        EarshotSpark.evaluate(stream, "set", Map.of("a", model), EvaluationOptions.usual(), OPTIONS))
                .contains("stream"));
    }

    private static Set<String> answers(Dataset<Row> rows) {
        return rows.select("path", "label", "probability").collectAsList().stream()
                .map(Row::toString)
                .collect(Collectors.toSet());
    }

    @Test
    void sqlUsesTheModelThatLiesThere() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("model"));
        spark.conf().set(SqlFunctions.MODEL, directory.toString());
        String path = recordings(1).first().getString(0);
        String query = "SELECT earshot_classify('" + path + "', null, null).ranking";
        copy(SMALL, directory);
        String first = spark.sql(query).first().toString();
        assertEquals(first, spark.sql(query).first().toString());
        copy(EARLY, directory);
        assertNotEquals(first, spark.sql(query).first().toString());
    }

    private static void copy(Path from, Path to) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(from.resolve(file), to.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Test
    void sqlSaysWhatAnArgumentIsToBe() throws IOException {
        spark.conf().set(SqlFunctions.MODEL, SMALL.toString());
        recordings(1).createOrReplaceTempView("recordings");
        for (String call : List.of(
                "earshot_classify(1, null, null)",
                "earshot_classify(path, 2, null)",
                "earshot_embed(3)",
                "earshot_classify(path, null, current_date())")) {
            SparkException failed =
                    assertThrows(SparkException.class, () -> spark.sql("SELECT " + call + " FROM recordings")
                            .collectAsList());
            String messages = failed + " " + failed.getCause();
            assertTrue(messages.contains("expected a string"), messages);
        }
        assertTrue(spark.sql("SELECT earshot_classify(null, 'Jinan', null), earshot_embed(null) FROM recordings")
                .first()
                .anyNull());
    }
}
