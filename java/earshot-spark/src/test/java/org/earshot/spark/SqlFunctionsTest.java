package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
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

    @Test
    void sqlHasFunctions() throws Exception {
        List<String> files = new ArrayList<>(Recordings.writeAll(folder, 2, 2));
        files.add(folder.resolve("missing.wav").toString());
        Recordings.rows(spark, files, "Jinan", "2023-06-18T18:44").createOrReplaceTempView("recordings");
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
