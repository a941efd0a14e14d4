package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.earshot.evaluation.EvaluationJson;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.labelling.LabellingRule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Jobs that are cancelled, applications that follow one another in one JVM, and settings that change how Spark works.
 */
@Tag("slow")
class JobsInTroubleTest {
    private static final Path SMALL =
            CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden/mobile-asc-net-none");

    private static final SparkOptions OPTIONS = SparkOptions.defaults();

    private SparkSession spark;

    @TempDir
    private Path folder;

    private void start(String... settings) {
        spark = Sessions.start(SparkSession.builder().master("local[2]"), settings);
    }

    @AfterEach
    void stop() {
        spark.stop();
        assertEquals(0, ExecutorClassifiers.size());
    }

    private List<String> write(int count) throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(Recordings.write(folder.resolve(i + ".wav"), i, 1, 44_100).toString());
        }
        return files;
    }

    private Dataset<Row> recordings(List<String> files) {
        return spark.createDataset(files, Encoders.STRING()).toDF("path").repartition(4);
    }

    private static List<String> answers(Dataset<Row> rows) {
        // The backend says its number of threads, which is Spark's affair.
        return rows.drop("backend").toJSON().collectAsList().stream().sorted().toList();
    }

    /** Tells when a job group's first task has ended. */
    private static final class FirstTask extends SparkListener {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Set<Object> stages = ConcurrentHashMap.newKeySet();
        private final String group;

        FirstTask(String group) {
            this.group = group;
        }

        @Override
        public void onJobStart(SparkListenerJobStart start) {
            if (group.equals(start.properties().getProperty("spark.jobGroup.id"))) {
                stages.addAll(CollectionConverters.asJava(start.stageIds()));
            }
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            if (stages.contains(end.stageId())) {
                ended.countDown();
            }
        }
    }

    @Test
    void aCancelledJobLeavesItsClassifierToTheNext() throws Exception {
        start();
        List<String> files = write(4);
        ModelSource model = ModelSource.directory(SMALL);
        List<String> before = answers(EarshotSpark.classify(recordings(files), model, OPTIONS));
        // Minutes of work, of which a task is half a second's.
        Dataset<Row> rows = spark.range(0, 100_000, 1, 1000)
                .select(functions.lit(files.get(0)).as("path"));
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            for (boolean interrupted : new boolean[] {true, false}) {
                String group = "interrupted " + interrupted;
                FirstTask first = new FirstTask(group);
                spark.sparkContext().addSparkListener(first);
                Future<?> job = caller.submit(() -> {
                    spark.sparkContext().setJobGroup(group, "to be cancelled", interrupted);
                    return EarshotSpark.classify(rows, model, OPTIONS)
                            .filter("label is null")
                            .count();
                });
                assertTrue(first.ended.await(1, TimeUnit.MINUTES));
                spark.sparkContext().cancelJobGroup(group);
                ExecutionException cancelled =
                        assertThrows(ExecutionException.class, () -> job.get(1, TimeUnit.MINUTES));
                assertTrue(cancelled.getMessage().contains("cancelled"), cancelled.toString());
                assertEquals(before, answers(EarshotSpark.classify(recordings(files), model, OPTIONS)));
                // It is closed when three others are wanted, as two are kept, if the cancelled tasks let go of it.
                long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
                do {
                    assertTrue(System.nanoTime() < end, "tasks that were cancelled keep the classifier");
                    for (int hop = 1; hop <= 3; hop++) {
                        answers(EarshotSpark.classify(
                                recordings(files), model, OPTIONS.withWindowHop(Duration.ofSeconds(hop))));
                    }
                } while (ExecutorClassifiers.size() > 3);
            }
        } finally {
            caller.shutdownNow();
        }
    }

    @Test
    void anApplicationMayFollowAnother() throws Exception {
        List<String> files = write(3);
        ModelSource model = ModelSource.directory(SMALL);
        start();
        List<String> first = answers(EarshotSpark.classify(recordings(files), model, OPTIONS));
        spark.stop();
        assertEquals(0, ExecutorClassifiers.size());
        start();
        assertEquals(first, answers(EarshotSpark.classify(recordings(files), model, OPTIONS)));
    }

    @Test
    void settingsOfSparkChangeNoAnswer() throws Exception {
        List<String> files = write(5);
        start();
        List<String> usual = allAnswers(files);
        spark.stop();
        start(
                "spark.serializer", "org.apache.spark.serializer.KryoSerializer",
                "spark.task.cpus", "2",
                "spark.sql.ansi.enabled", "false",
                "spark.sql.adaptive.enabled", "false",
                "spark.sql.shuffle.partitions", "3",
                "spark.sql.codegen.wholeStage", "false",
                "spark.sql.caseSensitive", "true",
                "spark.speculation", "true");
        assertEquals(usual, allAnswers(files));
    }

    /** Of all calls. */
    private List<String> allAnswers(List<String> files) throws IOException {
        ModelSource model = ModelSource.directory(SMALL);
        Dataset<Row> recordings = recordings(files);
        List<String> all =
                new ArrayList<>(answers(EarshotSpark.classify(recordings, model, OPTIONS.withEmbedding(true))));
        all.addAll(answers(EarshotSpark.features(recordings, model, OPTIONS)));
        all.addAll(answers(
                EarshotSpark.pseudoLabel(recordings, model, Optional.of(model), new LabellingRule(0.5, 0), OPTIONS)));
        spark.catalog().clearCache();
        SetEvaluation evaluation = EarshotSpark.evaluate(
                recordings.withColumn("scene_label", functions.lit("Bus")),
                "set",
                Map.of("one", model),
                EvaluationOptions.usual(),
                OPTIONS);
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        EvaluationJson.write(evaluation.evaluation(), json);
        all.add(json.toString(StandardCharsets.UTF_8));
        return all;
    }
}
