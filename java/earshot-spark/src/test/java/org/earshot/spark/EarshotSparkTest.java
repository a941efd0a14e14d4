package org.earshot.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.dataset.DatasetException;
import org.earshot.examples.CityByHour;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Spark answers is what the command line does, which runs in a JVM of its own. */
class EarshotSparkTest {
    private static final Path GOLDEN = CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden");
    private static final Path SMALL = GOLDEN.resolve("mobile-asc-net-none");
    private static final Path EARLY = GOLDEN.resolve("mobile-asc-net-early");
    private static final Path TWO_STAGES = GOLDEN.resolve("se-trans-two-stage");
    private static final Path DEMO = CommandLine.ROOT.resolve("tools/demo-model");
    private static final SparkOptions OPTIONS = SparkOptions.defaults();

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = Sessions.start(
                SparkSession.builder().master("local[2]"),
                "spark.sql.shuffle.partitions",
                "3",
                "spark.sql.session.timeZone",
                "Asia/Shanghai",
                "spark.hadoop.fs.other.impl",
                OtherFileSystem.class.getName());
    }

    @AfterAll
    static void stop() {
        spark.stop();
        assertEquals(0, ExecutorClassifiers.size());
    }

    private static SparkOptions columns() {
        return OPTIONS.withPathColumn("file").withCityColumn("city").withTimeColumn("time");
    }

    @Test
    void answersAreTheCommandLines() throws Exception {
        List<String> files = new ArrayList<>(Recordings.writeAll(folder, 9, 10));
        files.add(Recordings.write(folder.resolve("long ü.wav"), 99, 34, 48_000).toString());
        files.add(Recordings.write(folder.resolve("short.wav"), 98, 1.5, 16_000).toString());
        // Half of it is missing, which the answer notes.
        Path cut = Recordings.write(folder.resolve("cut.wav"), 97, 6, 44_100);
        Files.write(cut, java.util.Arrays.copyOf(Files.readAllBytes(cut), 300_000));
        files.add(cut.toString());
        for (Path model : List.of(DEMO, TWO_STAGES)) {
            List<String> arguments =
                    new ArrayList<>(List.of("classify", "--json", "--quiet", "--model", model.toString()));
            arguments.addAll(List.of("--city", "Jinan", "--time", "2023-06-18T18:44"));
            arguments.addAll(files);
            CommandLine.Outcome expected = CommandLine.earshot(arguments.toArray(String[]::new));
            assertEquals(0, expected.code(), expected.errors());
            List<String> found = EarshotSpark.classify(
                            Recordings.rows(spark, files, "Jinan", "2023-06-18T18:44"),
                            ModelSource.directory(model),
                            columns())
                    .drop("city", "time", "backend", "error")
                    .toJSON()
                    .collectAsList();
            assertEquals(
                    expected.out().lines().sorted().toList(),
                    found.stream().sorted().toList());
        }
    }

    @Test
    void whatIsWrongWithARecordingIsItsOwnAffair() throws Exception {
        List<String> good = Recordings.writeAll(folder, 3, 1);
        List<Row> rows = new ArrayList<>();
        good.forEach(file -> rows.add(RowFactory.create(file, null, null)));
        rows.add(RowFactory.create(
                Recordings.writeBroken(folder.resolve("broken.wav"), 1).toString(), null, null));
        rows.add(RowFactory.create(Files.createFile(folder.resolve("empty.wav")).toString(), null, null));
        rows.add(RowFactory.create(folder.resolve("missing.wav").toString(), null, null));
        rows.add(RowFactory.create("nowhere://host/there.wav", null, null));
        rows.add(RowFactory.create("no\0path.wav", null, null));
        rows.add(RowFactory.create(null, null, null));
        rows.add(RowFactory.create(good.get(0), null, "yesterday"));
        List<Row> answers = EarshotSpark.classify(
                        spark.createDataFrame(rows, Recordings.SCHEMA).repartition(2),
                        ModelSource.directory(SMALL),
                        columns())
                .select("file", "label", "error")
                .collectAsList();
        assertEquals(rows.size(), answers.size());
        for (Row answer : answers) {
            boolean right = answer.isNullAt(2);
            assertEquals(right, !answer.isNullAt(1), answer.toString());
            assertTrue(right || answer.getString(2).contains("expected"), answer.toString());
            assertTrue(right == good.contains(answer.getString(0))
                    || answer.getString(2).contains("yesterday"));
        }
        assertEquals(3, answers.stream().filter(answer -> answer.isNullAt(2)).count());
    }

    @Test
    void contentIsReadAsTheFileIs() throws Exception {
        Recordings.writeAll(folder, 3, 2);
        Recordings.write(folder.resolve("long.wav"), 9, 25, 44_100);
        Recordings.writeBroken(folder.resolve("broken.wav"), 1);
        ModelSource model = ModelSource.directory(SMALL);
        Dataset<Row> byContent = EarshotSpark.classify(
                spark.read().format("binaryFile").load(folder + "/*.wav"), model, OPTIONS.withContentColumn("content"));
        assertTrue(List.of(byContent.columns()).containsAll(List.of("path", "length", "modificationTime", "label")));
        assertTrue(!List.of(byContent.columns()).contains("content"));
        Dataset<Row> byPath = EarshotSpark.classify(
                spark.read().format("binaryFile").load(folder + "/*.wav").select("path"), model, OPTIONS);
        String[] compared = {"path", "label", "probability", "ranking", "windows"};
        assertEquals(json(byPath, compared), json(byContent, compared));
        assertEquals(1, byContent.filter(col("error").isNotNull()).count());
    }

    private static List<String> json(Dataset<Row> rows, String... columns) {
        return rows.selectExpr(columns).toJSON().collectAsList().stream()
                .sorted()
                .toList();
    }

    @Test
    void otherFileSystemsAreCopiedFrom() throws Exception {
        String file = Recordings.writeAll(folder, 1, 2).get(0);
        Recordings.writeBroken(folder.resolve("broken.wav"), 1);
        ModelSource model =
                ModelSource.read("other:" + SMALL, spark.sparkContext().hadoopConfiguration());
        List<String> paths = List.of("other:" + file, "file:" + file, file, "other:" + folder.resolve("broken.wav"));
        Map<String, Row> answers = new java.util.HashMap<>();
        EarshotSpark.classify(Recordings.rows(spark, paths, null, null), model, columns())
                .select("file", "probability", "error")
                .collectAsList()
                .forEach(row -> answers.put(row.getString(0), row));
        assertEquals(answers.get(file).getFloat(1), answers.get("other:" + file).getFloat(1));
        assertEquals(answers.get(file).getFloat(1), answers.get("file:" + file).getFloat(1));
        String error = answers.get(paths.get(3)).getString(2);
        assertTrue(error.startsWith(paths.get(3) + ": found "), error);
    }

    @Test
    void furtherColumnsAreKeptAndNoneIsHidden() throws Exception {
        Dataset<Row> recordings = Recordings.rows(spark, Recordings.writeAll(folder, 2, 1), null, null)
                .withColumn("sensor", lit(7));
        ModelSource model = ModelSource.directory(SMALL);
        assertEquals(
                2,
                EarshotSpark.classify(recordings, model, columns())
                        .filter("sensor = 7 and label is not null and backend is not null")
                        .count());
        assertRefused("label", recordings.withColumn("label", lit("Bus")), model, columns());
        assertRefused("track", recordings, model, columns().withPathColumn("track"));
        assertRefused("sensor", recordings, model, columns().withTimeColumn("sensor"));
    }

    private static void assertRefused(String column, Dataset<Row> rows, ModelSource model, SparkOptions options) {
        DatasetException refused =
                assertThrows(DatasetException.class, () -> EarshotSpark.classify(rows, model, options));
        assertTrue(refused.getMessage().startsWith("column " + column + ": found "), refused.getMessage());
    }

    @Test
    void timestampsAreLocalInTheSessionsZone() throws Exception {
        List<String> files = List.of(Recordings.writeAll(folder, 1, 3).get(0));
        ModelSource model = ModelSource.directory(DEMO);
        Dataset<Row> texts = Recordings.rows(spark, files, "Jinan", "2023-06-18 18:44:00");
        float expected = probability(texts, model);
        assertEquals(expected, probability(texts.withColumn("time", col("time").cast("timestamp_ntz")), model));
        // As java.sql.Timestamp, and as java.time.Instant.
        for (boolean java8 : new boolean[] {false, true}) {
            spark.conf().set("spark.sql.datetime.java8API.enabled", java8);
            Dataset<Row> stamps = Recordings.rows(spark, files, "Jinan", "2023-06-18 18:44:00")
                    .withColumn("time", col("time").cast("timestamp"));
            assertEquals(expected, probability(stamps, model));
        }
        spark.conf().unset("spark.sql.datetime.java8API.enabled");
        assertTrue(expected != probability(Recordings.rows(spark, files, "Jinan", "2023-06-18 06:44:00"), model));
    }

    private static float probability(Dataset<Row> recordings, ModelSource model) {
        return EarshotSpark.classify(recordings, model, columns()).first().getAs("probability");
    }

    @Test
    void embeddingsAreTheClassifiers() throws Exception {
        String file = Recordings.writeAll(folder, 1, 4).get(0);
        String longer =
                Recordings.write(folder.resolve("long.wav"), 5, 23, 44_100).toString();
        List<Row> rows = EarshotSpark.classify(
                        Recordings.rows(spark, List.of(file, longer), null, null),
                        ModelSource.directory(SMALL),
                        columns().withEmbedding(true))
                .select("file", "embedding")
                .collectAsList();
        try (SceneClassifier classifier = SceneClassifier.load(SMALL)) {
            for (Row row : rows) {
                List<Float> expected = new ArrayList<>();
                for (float number :
                        classifier.embed(AudioClip.read(Path.of(row.getString(0))), RecordingContext.unknown())) {
                    expected.add(number);
                }
                assertEquals(expected, List.copyOf(row.<Float>getList(1)));
            }
        }
        assertEquals(2, rows.size());
    }

    @Test
    void oneJvmHasOneClassifierOfEachModel() throws Exception {
        List<String> files = Recordings.writeAll(folder, 12, 1);
        Dataset<Row> recordings = Recordings.rows(spark, files, null, null).repartition(6);
        ExecutorClassifiers.closeAll();
        Dataset<Row> one = EarshotSpark.classify(recordings, ModelSource.directory(SMALL), columns());
        List<String> first = json(one, "file", "ranking");
        assertEquals(1, ExecutorClassifiers.size());
        Dataset<Row> two = EarshotSpark.classify(recordings, ModelSource.directory(EARLY), columns());
        List<String> second = json(two, "file", "ranking");
        assertEquals(2, ExecutorClassifiers.size());
        assertEquals(12, new HashSet<>(second).size());
        first.forEach(row -> assertTrue(!second.contains(row)));
        // Both at once, in one job.
        assertEquals(
                second,
                json(
                        one.select("file", "label")
                                .join(
                                        two.select(col("file").as("same"), col("ranking")),
                                        col("file").equalTo(col("same"))),
                        "file",
                        "ranking"));
        assertEquals(first, json(one, "file", "ranking"));
    }

    @Test
    void theExampleCountsScenesByHour() throws Exception {
        List<Row> rows = new ArrayList<>();
        for (String file : Recordings.writeAll(folder, 6, 1)) {
            rows.add(RowFactory.create(file, "Jinan", "2023-06-18 %02d:00:00".formatted(rows.size() % 2)));
        }
        rows.add(RowFactory.create(folder.resolve("missing.wav").toString(), "Jinan", "2023-06-18 01:00:00"));
        Dataset<Row> recordings = spark.createDataFrame(rows, Recordings.SCHEMA).withColumnRenamed("file", "path");
        List<Row> found =
                CityByHour.scenes(recordings, ModelSource.directory(SMALL)).collectAsList();
        assertEquals(7, found.stream().mapToLong(row -> row.getLong(3)).sum());
        assertEquals(
                3,
                found.stream()
                        .filter(row -> row.getInt(1) == 0)
                        .mapToLong(row -> row.getLong(3))
                        .sum());
        assertEquals(1, found.stream().filter(row -> row.isNullAt(2)).count());
    }
}
