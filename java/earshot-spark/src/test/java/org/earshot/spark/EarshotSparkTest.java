package org.earshot.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.dataset.DatasetException;
import org.earshot.evaluation.EvaluationJson;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.examples.CityByHour;
import org.earshot.labelling.LabellingRule;
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

    private static final StructType RECORDING = new StructType()
            .add("file", DataTypes.StringType)
            .add("city", DataTypes.StringType)
            .add("time", DataTypes.StringType);

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 3)
                .config("spark.sql.session.timeZone", "Asia/Shanghai")
                .config("spark.hadoop.fs.other.impl", OtherFileSystem.class.getName())
                .config("spark.sql.extensions", EarshotExtensions.class.getName())
                .config(SqlFunctions.MODEL, DEMO.toString())
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
        assertEquals(0, ExecutorClassifiers.size());
    }

    private static Dataset<Row> recordings(List<String> files, String city, String time) {
        List<Row> rows =
                files.stream().map(file -> RowFactory.create(file, city, time)).toList();
        return spark.createDataFrame(rows, RECORDING).repartition(3);
    }

    private static SparkOptions columns() {
        return OPTIONS.withPathColumn("file").withCityColumn("city").withTimeColumn("time");
    }

    private List<String> write(int count, double seconds) throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = folder.resolve("recording-%03d.wav".formatted(i));
            files.add(Recordings.write(file, i, seconds, 44_100).toString());
        }
        return files;
    }

    @Test
    void answersAreTheCommandLines() throws Exception {
        List<String> files = new ArrayList<>(write(9, 10));
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
                            recordings(files, "Jinan", "2023-06-18T18:44"), ModelSource.directory(model), columns())
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
        List<String> good = write(3, 1);
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
                        spark.createDataFrame(rows, RECORDING).repartition(2), ModelSource.directory(SMALL), columns())
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
        write(3, 2);
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
        String file = write(1, 2).get(0);
        Recordings.writeBroken(folder.resolve("broken.wav"), 1);
        ModelSource model =
                ModelSource.read("other:" + SMALL, spark.sparkContext().hadoopConfiguration());
        List<String> paths = List.of("other:" + file, "file:" + file, file, "other:" + folder.resolve("broken.wav"));
        Map<String, Row> answers = new java.util.HashMap<>();
        EarshotSpark.classify(recordings(paths, null, null), model, columns())
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
        Dataset<Row> recordings = recordings(write(2, 1), null, null).withColumn("sensor", lit(7));
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
        List<String> files = List.of(write(1, 3).get(0));
        ModelSource model = ModelSource.directory(DEMO);
        Dataset<Row> texts = recordings(files, "Jinan", "2023-06-18 18:44:00");
        float expected = probability(texts, model);
        assertEquals(expected, probability(texts.withColumn("time", col("time").cast("timestamp_ntz")), model));
        // As java.sql.Timestamp, and as java.time.Instant.
        for (boolean java8 : new boolean[] {false, true}) {
            spark.conf().set("spark.sql.datetime.java8API.enabled", java8);
            Dataset<Row> stamps = recordings(files, "Jinan", "2023-06-18 18:44:00")
                    .withColumn("time", col("time").cast("timestamp"));
            assertEquals(expected, probability(stamps, model));
        }
        spark.conf().unset("spark.sql.datetime.java8API.enabled");
        assertTrue(expected != probability(recordings(files, "Jinan", "2023-06-18 06:44:00"), model));
    }

    private static float probability(Dataset<Row> recordings, ModelSource model) {
        return EarshotSpark.classify(recordings, model, columns()).first().getAs("probability");
    }

    @Test
    void embeddingsAreTheClassifiers() throws Exception {
        String file = write(1, 4).get(0);
        String longer =
                Recordings.write(folder.resolve("long.wav"), 5, 23, 44_100).toString();
        List<Row> rows = EarshotSpark.classify(
                        recordings(List.of(file, longer), null, null),
                        ModelSource.directory(SMALL),
                        columns().withEmbedding(true))
                .select("file", "embedding")
                .collectAsList();
        try (SceneClassifier classifier = SceneClassifier.load(SMALL)) {
            for (Row row : rows) {
                float[] expected =
                        classifier.embed(AudioClip.read(Path.of(row.getString(0))), RecordingContext.unknown());
                assertArrayEquals(expected, RecordingColumns.floats(row, 1));
            }
        }
        assertEquals(2, rows.size());
    }

    @Test
    void oneJvmHasOneClassifierOfEachModel() throws Exception {
        List<String> files = write(12, 1);
        Dataset<Row> recordings = recordings(files, null, null).repartition(6);
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
    void labelsAreTheCommandLines() throws Exception {
        List<String> files = write(11, 1);
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
        return spark.createDataFrame(
                        rows,
                        new StructType()
                                .add("line", DataTypes.LongType)
                                .add("filename", DataTypes.StringType)
                                .add("path", DataTypes.StringType)
                                .add("location", DataTypes.StringType)
                                .add("record_time", DataTypes.TimestampNTZType)
                                .add("truth", DataTypes.StringType))
                .repartition(4);
    }

    private static SparkOptions setColumns() {
        return OPTIONS.withCityColumn("location")
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
        List<String> files = new ArrayList<>(write(14, 1));
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
        SetEvaluation found = EarshotSpark.evaluate(
                set(metadata),
                "metadata.csv",
                Map.of("demo-model", ModelSource.directory(DEMO)),
                new EvaluationOptions(
                        usual.bins(),
                        usual.draws(),
                        usual.mistakes(),
                        usual.seed(),
                        List.of(50, 100),
                        List.of(50, 100),
                        usual.cities(),
                        2),
                setColumns());
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        EvaluationJson.write(found.evaluation(), json);
        assertEquals(line.out(), json.toString(StandardCharsets.UTF_8));
        assertEquals(0, found.unreadable().size());
    }

    @Test
    void whatIsReadOnceIsClassifiedFromFeatures() throws Exception {
        List<String> files = new ArrayList<>(write(5, 2));
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
    void namesMustDiffer() throws Exception {
        Dataset<Row> twice = recordings(List.of(write(1, 1).get(0), folder + "/recording-000.wav"), null, null);
        DatasetException refused = assertThrows(
                DatasetException.class,
                () -> EarshotSpark.pseudoLabel(
                        twice, ModelSource.directory(SMALL), Optional.empty(), new LabellingRule(1, 0), columns()));
        assertTrue(refused.getMessage().contains("in 2 rows"), refused.getMessage());
        DatasetException again = assertThrows(
                DatasetException.class,
                () -> EarshotSpark.evaluate(
                        twice.withColumn("scene_label", lit("Bus")),
                        "set",
                        Map.of("one", ModelSource.directory(SMALL)),
                        EvaluationOptions.usual(),
                        columns()));
        assertTrue(again.getMessage().contains("again"), again.getMessage());
        spark.catalog().clearCache();
    }

    @Test
    void sqlHasFunctions() throws Exception {
        List<String> files = new ArrayList<>(write(2, 2));
        files.add(folder.resolve("missing.wav").toString());
        recordings(files, "Jinan", "2023-06-18T18:44").createOrReplaceTempView("recordings");
        List<Row> found = spark.sql("SELECT file, s.label, s.probability, s.error, size(e) FROM (SELECT file,"
                        + " earshot_classify(file, city, time) AS s, earshot_embed(file) AS e FROM recordings)")
                .collectAsList();
        try (SceneClassifier classifier = SceneClassifier.load(DEMO)) {
            RecordingContext context = RecordingContext.of("Jinan", java.time.LocalDateTime.of(2023, 6, 18, 18, 44));
            for (Row row : found) {
                if (row.getString(0).endsWith("missing.wav")) {
                    assertNull(row.get(1));
                    assertTrue(row.getString(3).contains("missing.wav"), row.toString());
                    continue;
                }
                AudioClip clip = AudioClip.read(Path.of(row.getString(0)));
                assertEquals(classifier.classify(clip, context).label(), row.get(1));
                assertEquals(classifier.classify(clip, context).probability(), row.getFloat(2));
                assertEquals(classifier.embed(clip, context).length, row.getInt(4));
            }
        }
        assertEquals(3, found.size());
        EarshotSpark.register(spark, ModelSource.directory(SMALL), OPTIONS);
        Object other = spark.sql("SELECT earshot_classify('" + files.get(0) + "', null, null).probability")
                .first()
                .get(0);
        assertTrue(!other.equals(found.get(0).get(2)));
    }

    @Test
    void theExampleCountsScenesByHour() throws Exception {
        List<Row> rows = new ArrayList<>();
        for (String file : write(6, 1)) {
            rows.add(RowFactory.create(file, "Jinan", "2023-06-18 %02d:00:00".formatted(rows.size() % 2)));
        }
        rows.add(RowFactory.create(folder.resolve("missing.wav").toString(), "Jinan", "2023-06-18 01:00:00"));
        Dataset<Row> recordings = spark.createDataFrame(rows, RECORDING).withColumnRenamed("file", "path");
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
