package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.io.TempDir;

/** On real clusters of two workers on this machine, each with an executor in a JVM of its own. */
@Tag("slow")
class LocalClusterTest {
    private static final int RECORDINGS = 1000;
    /** Each thirty-third is broken: 3 %. */
    private static final int BROKEN = 33;

    private static final Path GOLDEN = CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden");
    private static final Path SMALL = GOLDEN.resolve("mobile-asc-net-none");
    private static final Path EARLY = GOLDEN.resolve("mobile-asc-net-early");

    @TempDir
    private static Path folder;

    private static List<String> files;
    /** What the command line says, sorted. */
    private static List<String> expected;

    private SparkSession spark;

    @BeforeAll
    static void askTheCommandLine() throws Exception {
        files = new ArrayList<>();
        for (int i = 0; i < RECORDINGS; i++) {
            Path file = folder.resolve("recording-%04d.wav".formatted(i));
            files.add(
                    (i % BROKEN == BROKEN - 1 ? Recordings.writeBroken(file, i) : Recordings.write(file, i, 1, 44_100))
                            .toString());
        }
        CommandLine.Outcome line =
                CommandLine.earshot("classify", folder.toString(), "--json", "--quiet", "--model", SMALL.toString());
        assertEquals(1, line.code()); // Some are broken.
        expected = line.out().lines().sorted().toList();
        assertEquals(RECORDINGS - RECORDINGS / BROKEN, expected.size());
    }

    private void start(String... settings) {
        spark = Sessions.start(
                SparkSession.builder()
                        .master("local-cluster[2,1,1024]")
                        .config("spark.jars", System.getProperty("earshot.spark.jar")),
                settings);
    }

    @AfterEach
    void stop() {
        spark.stop();
    }

    @AfterAll
    static void noneIsLeft() throws Exception {
        for (ProcessHandle executor : ExecutorProcesses.all()) {
            executor.onExit().get(1, TimeUnit.MINUTES);
        }
    }

    private Dataset<Row> recordings(int partitions) {
        return spark.createDataset(files, Encoders.STRING()).toDF("file").repartition(partitions);
    }

    private static SparkOptions columns() {
        return SparkOptions.defaults().withPathColumn("file");
    }

    private static List<String> answers(Dataset<Row> rows) {
        return rows.filter("error is null").drop("backend", "error").toJSON().collectAsList().stream()
                .sorted()
                .toList();
    }

    /** Counts what executors do. */
    private static final class Tasks extends SparkListener {
        private final Set<String> executors = ConcurrentHashMap.newKeySet();
        private final CountDownLatch some = new CountDownLatch(5);

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            executors.add(end.taskInfo().executorId());
            some.countDown();
        }
    }

    @Test
    void twoExecutorsAnswerAsTheCommandLineDoes() {
        start();
        Tasks tasks = new Tasks();
        spark.sparkContext().addSparkListener(tasks);
        Dataset<Row> answers = EarshotSpark.classify(recordings(40), ModelSource.directory(SMALL), columns());
        assertEquals(expected, answers(answers));
        assertEquals(2, tasks.executors.size());
        List<Row> errors =
                answers.filter("error is not null").select("file", "error").collectAsList();
        assertEquals(RECORDINGS / BROKEN, errors.size());
        errors.forEach(row -> assertTrue(row.getString(1).startsWith(row.getString(0) + ": found "), row.toString()));
        // Another model in the same session, and the first again.
        List<String> other = answers(EarshotSpark.classify(recordings(4), ModelSource.directory(EARLY), columns()));
        assertEquals(expected.size(), other.size());
        assertTrue(expected.stream().noneMatch(other::contains));
        assertEquals(expected, answers(answers));
    }

    @Test
    void whatAKilledExecutorHadIsDoneAgain() throws Exception {
        start();
        Tasks tasks = new Tasks();
        spark.sparkContext().addSparkListener(tasks);
        Path output = folder.resolve("scenes");
        Thread killer = new Thread(() -> {
            try {
                assertTrue(tasks.some.await(2, TimeUnit.MINUTES));
                ExecutorProcesses.all().get(0).destroyForcibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        killer.start();
        EarshotSpark.classify(recordings(60), ModelSource.directory(SMALL), columns())
                .write()
                .parquet(output.toString());
        killer.join();
        Dataset<Row> written = spark.read().parquet(output.toString());
        assertEquals(RECORDINGS, written.count());
        assertEquals(RECORDINGS, written.select("file").distinct().count());
        assertEquals(expected, answers(written));
        assertTrue(tasks.executors.size() > 2, "no other took the killed one's place: " + tasks.executors);
    }

    static boolean hasGpu() {
        return Files.exists(Path.of("/dev/nvidiactl"));
    }

    /** Spark hands out what the machine says it has; that there is none is then found by the executor. */
    @Test
    @DisabledIf("hasGpu")
    void theGpuThatSparkGivesIsAskedFor() throws IOException {
        Path script = Files.writeString(
                Files.createFile(
                        folder.resolve("gpus"),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"))),
                "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"5\"]}'\n");
        start(
                "spark.worker.resource.gpu.amount", "1",
                "spark.worker.resource.gpu.discoveryScript", script.toString(),
                "spark.executor.resource.gpu.amount", "1",
                "spark.task.resource.gpu.amount", "0.5",
                "spark.task.maxFailures", "1");
        Dataset<Row> answers = EarshotSpark.classify(recordings(4), ModelSource.directory(SMALL), columns());
        Exception failed = assertThrows(SparkException.class, () -> answers.count());
        assertTrue(failed.getMessage().contains("device 5"), failed.getMessage());
    }
}
