package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The functions that SQL has. */
class SqlFunctionsTest {
    private static final Path SMALL =
            CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden/mobile-asc-net-none");

    private static final Path DEMO = CommandLine.ROOT.resolve("tools/demo-model");

    private static final StructType RECORDING = new StructType()
            .add("file", DataTypes.StringType)
            .add("city", DataTypes.StringType)
            .add("time", DataTypes.StringType);

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = Sessions.start(
                SparkSession.builder().master("local[2]"),
                "spark.sql.extensions",
                EarshotExtensions.class.getName(),
                SqlFunctions.MODEL,
                DEMO.toString());
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

    private List<String> write(int count, double seconds) throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = folder.resolve("recording-%03d.wav".formatted(i));
            files.add(Recordings.write(file, i, seconds, 44_100).toString());
        }
        return files;
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
        EarshotSpark.register(spark, ModelSource.directory(SMALL), SparkOptions.defaults());
        Object other = spark.sql("SELECT earshot_classify('" + files.get(0) + "', null, null).probability")
                .first()
                .get(0);
        assertTrue(!other.equals(found.get(0).get(2)));
    }
}
