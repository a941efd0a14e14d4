package org.earshot.server;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.earshot.CallOptions;
import org.earshot.ComputePool;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;

/**
 * Asks the library as the server does, without a server between: what the server costs is the difference. Run by
 * {@code tools/test-server load}.
 */
final class DirectLoad {
    private DirectLoad() {}

    /**
     * Takes the model directory; each line of the standard input says how many ask at once, for how many seconds, and
     * the recording, and has a line for an answer.
     */
    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        ComputePool pool = ComputePool.of(Runtime.getRuntime().availableProcessors());
        try (SceneClassifier classifier = SceneClassifier.builder(Path.of(args[0]))
                .pool(pool)
                .batching(8, Duration.ofMillis(2), 64)
                .warmUp(true)
                .load()) {
            Scanner callers = new Scanner(System.in, StandardCharsets.UTF_8);
            while (callers.hasNextInt()) {
                int count = callers.nextInt();
                Duration length = Duration.ofSeconds(callers.nextLong());
                byte[] recording = Files.readAllBytes(Path.of(callers.nextLine().strip()));
                System.out.println(measure(classifier, recording, length, count));
            }
        }
    }

    private static String measure(SceneClassifier classifier, byte[] recording, Duration length, int callers)
            throws InterruptedException, ExecutionException {
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        long processor = processorNanos();
        long begun = System.nanoTime();
        List<Future<List<Long>>> work = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            work.add(threads.submit(() -> {
                List<Long> nanos = new ArrayList<>();
                while (System.nanoTime() - begun < length.toNanos()) {
                    long since = System.nanoTime();
                    classifier
                            .analyseAsync(
                                    () -> AudioFiles.open(recording, "recording", AudioLimits.defaults()),
                                    "recording",
                                    RecordingContext.unknown(),
                                    CallOptions.none())
                            .join();
                    nanos.add(System.nanoTime() - since);
                }
                return nanos;
            }));
        }
        List<Long> all = new ArrayList<>();
        for (Future<List<Long>> each : work) {
            all.addAll(each.get());
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        double processorMillis = (processorNanos() - processor) / 1e6 / all.size();
        threads.shutdown();
        all.sort(null);
        return String.format(
                Locale.ROOT,
                "%.1f requests/s, median %.1f ms, p99 %.1f ms; processor time a request: %.2f ms",
                all.size() / seconds,
                all.get(all.size() / 2) / 1e6,
                all.get((int) Math.ceil(all.size() * 0.99) - 1) / 1e6,
                processorMillis);
    }

    /** What this process has had of the processors. */
    private static long processorNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
