package org.earshot.spark;

import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors that hang, are taken away or come later: no row is lost or doubled, and who stays goes on. */
@Tag("slow")
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterInTroubleTest {
    private static final int RECORDINGS = 240;
    private static final int TASKS = 60;
    private static final String LOCAL = "local-cluster[2,1,1024]";

    private static final Path SMALL =
            CommandLine.ROOT.resolve("java/earshot/src/test/resources/golden/mobile-asc-net-none");

    @TempDir
    private static Path folder;

    private static List<String> files;
    /** What the command line says, sorted. */
    private static List<String> expected;

    private SparkSession spark;
    private final Tasks tasks = new Tasks();
    private final ExecutorService caller = Executors.newSingleThreadExecutor();

    @BeforeAll
    static void askTheCommandLine() throws Exception {
        files = new ArrayList<>();
        for (int i = 0; i < RECORDINGS; i++) {
            Path file = folder.resolve("recording-%03d.wav".formatted(i));
            files.add(Recordings.write(file, i, 10, 44_100).toString());
        }
        CommandLine.Outcome line =
                CommandLine.earshot("classify", folder.toString(), "--json", "--quiet", "--model", SMALL.toString());
        assertEquals(0, line.code(), line.errors());
        expected = line.out().lines().sorted().toList();
    }

    private void start(String master, String... settings) {
        spark = Sessions.start(
                SparkSession.builder()
                        .master(master)
                        // Without a shuffle, whose blocks would go with their executor.
                        .config("spark.sql.leafNodeDefaultParallelism", TASKS)
                        .config("spark.jars", System.getProperty("earshot.spark.jar")),
                settings);
        spark.sparkContext().addSparkListener(tasks);
    }

    @AfterEach
    void stop() {
        spark.stop();
        caller.shutdownNow();
    }

    private Dataset<Row> answers(SparkOptions options) {
        return EarshotSpark.classify(
                spark.createDataset(files, Encoders.STRING()).toDF("file"),
                ModelSource.directory(SMALL),
                options.withPathColumn("file"));
    }

    /** Writes the answers; how many Spark counted on the way. */
    private long write(String name) throws InterruptedException {
        Observation counted = new Observation("counted");
        answers(SparkOptions.defaults())
                .observe(counted, count(lit(1)).as("rows"))
                .write()
                .parquet(folder.resolve(name).toString());
        return (Long) counted.getAsJava().get("rows");
    }

    private void assertWritten(String name) {
        Dataset<Row> found = spark.read().parquet(folder.resolve(name).toString());
        assertEquals(
                expected,
                found.drop("backend", "error").toJSON().collectAsList().stream()
                        .sorted()
                        .toList());
    }

    /** What becomes of tasks and executors. */
    private static final class Tasks extends SparkListener {
        private final CountDownLatch some = new CountDownLatch(6);
        private final CountDownLatch bothGone = new CountDownLatch(2);
        private final Set<String> copies = ConcurrentHashMap.newKeySet();
        private final Set<String> executors = ConcurrentHashMap.newKeySet();

        @Override
        public void onTaskStart(SparkListenerTaskStart start) {
            if (start.taskInfo().speculative()) {
                copies.add(start.taskInfo().id());
            }
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            executors.add(end.taskInfo().executorId());
            some.countDown();
        }

        @Override
        public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
            bothGone.countDown();
        }
    }

    private static void await(CountDownLatch event) throws InterruptedException {
        assertTrue(event.await(2, TimeUnit.MINUTES));
    }

    @Test
    void whatHangsIsDoneByAnother() throws Exception {
        try (StandaloneCluster cluster = new StandaloneCluster(folder)) {
            start(
                    cluster.master(),
                    "spark.driver.host",
                    "127.0.0.1",
                    "spark.executor.memory",
                    "1g",
                    "spark.speculation",
                    "true",
                    "spark.speculation.quantile",
                    "0.2");
            Future<Long> job = caller.submit(() -> write("copied"));
            await(tasks.some);
            List<ProcessHandle> both = ExecutorProcesses.all();
            assertEquals(2, both.size());
            ExecutorProcesses.signal("STOP", both.get(0));
            try {
                assertEquals(RECORDINGS, job.get(2, TimeUnit.MINUTES));
            } finally {
                ExecutorProcesses.signal("CONT", both.get(0));
            }
            assertFalse(tasks.copies.isEmpty());
            assertWritten("copied");
            // The loser is killed in the middle of its work; its executor and its classifier live on.
            tasks.executors.clear();
            assertEquals(RECORDINGS, write("again"));
            assertWritten("again");
            assertEquals(2, tasks.executors.size());
            assertTrue(both.stream().allMatch(ProcessHandle::isAlive));
        }
    }

    @Test
    void anExecutorThatIsToLeaveLeaves() throws Exception {
        start(LOCAL, "spark.decommission.enabled", "true", "spark.storage.decommission.enabled", "true");
        Future<Long> job = caller.submit(() -> write("left"));
        await(tasks.some);
        ProcessHandle leaving = ExecutorProcesses.all().get(0);
        ExecutorProcesses.signal("PWR", leaving);
        assertEquals(RECORDINGS, job.get(2, TimeUnit.MINUTES));
        assertWritten("left");
        leaving.onExit().get(2, TimeUnit.MINUTES);
    }

    @Test
    void executorsComeAndGo() throws Exception {
        start(
                LOCAL,
                "spark.dynamicAllocation.enabled",
                "true",
                "spark.dynamicAllocation.shuffleTracking.enabled",
                "true",
                "spark.dynamicAllocation.initialExecutors",
                "2",
                "spark.dynamicAllocation.executorIdleTimeout",
                "2s");
        assertEquals(RECORDINGS, write("first"));
        assertWritten("first");
        await(tasks.bothGone);
        Set<String> gone = Set.copyOf(tasks.executors);
        tasks.executors.clear();
        assertEquals(RECORDINGS, write("second"));
        assertWritten("second");
        assertTrue(tasks.executors.stream().noneMatch(gone::contains), tasks.executors + " after " + gone);
    }

    @Test
    void whoHasNoFolderForLibrariesIsToldWhich() throws Exception {
        Path file = Files.createFile(folder.resolve("no-folder"));
        String setting = "org.bytedeco.javacpp.cachedir";
        start(LOCAL, "spark.executor.extraJavaOptions", "-D" + setting + "=" + file, "spark.task.maxFailures", "1");
        Dataset<Row> answers = answers(SparkOptions.defaults().withBackend("cpu"));
        Exception failed = assertThrows(SparkException.class, answers::collectAsList);
        assertTrue(failed.getMessage().contains(file.toString()), failed.getMessage());
        assertTrue(failed.getMessage().contains("set " + setting), failed.getMessage());
    }
}
