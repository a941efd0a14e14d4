package org.earshot.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.earshot.CallOptions;
import org.earshot.ComputePool;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.server.service.ModelSource;

/**
 * What the server costs beside the library that it asks: both in this process, with the same compiled code, in short
 * turns, as a machine's speed wanders and two processes differ for good. A turn is measured in its middle, when as many
 * ask as are to. Run by {@code tools/test-server load}.
 */
final class LoadComparison {
    private static final Duration RAMP = Duration.ofSeconds(1);
    private static final Duration WARM_UP = Duration.ofSeconds(20);
    private static final int MOST_CALLERS = 64;
    private static final int WAV_HEADER = 44;
    private static final Pattern P99 = Pattern.compile("p99 ([0-9.]+) ms, ([0-9]+) errors");

    private final SceneClassifier classifier;
    private final EarshotServer server;
    private final Path script;
    private final LongAdder answered;
    private final ExecutorService callers = Executors.newFixedThreadPool(MOST_CALLERS);

    private LoadComparison(SceneClassifier classifier, EarshotServer server, LongAdder answered, Path script) {
        this.classifier = classifier;
        this.server = server;
        this.answered = answered;
        this.script = script;
    }

    /** What was measured in one turn: processor time by what it was for. */
    private record Turn(double requestsPerSecond, double p99Millis, Map<String, Double> millisPerRequest) {
        /** Of all that serves; whoever asks is no part of it. */
        double processor() {
            return millisPerRequest.entrySet().stream()
                    .filter(each -> !each.getKey().equals(ProcessorTime.LOAD))
                    .mapToDouble(Map.Entry::getValue)
                    .sum();
        }
    }

    /**
     * Takes the script of wrk, the model directory, the recording (WAV, its header of 44 bytes), how many seconds of a
     * turn are measured, how many pairs of turns, and how many are to ask at once, one or more numbers.
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path script = Path.of(args[0]);
        Path model = Path.of(args[1]);
        Path recording = Path.of(args[2]);
        Duration length = Duration.ofSeconds(Long.parseLong(args[3]));
        int pairs = Integer.parseInt(args[4]);
        LongAdder answered = new LongAdder();
        // The line for the access log is part of what a server costs; here it counts.
        try (EarshotServer server = EarshotServer.of(new ModelSource("model", model))
                        .log(line -> answered.increment())
                        .start();
                SceneClassifier classifier = SceneClassifier.builder(model)
                        .pool(ComputePool.of(Runtime.getRuntime().availableProcessors()))
                        .batching(8, Duration.ofMillis(2), 64)
                        .warmUp(true)
                        .load()) {
            LoadComparison comparison = new LoadComparison(classifier, server, answered, script);
            comparison.warmUp(recording, length);
            for (String callers : Arrays.asList(args).subList(5, args.length)) {
                comparison.compare(recording, Integer.parseInt(callers), length, pairs);
            }
            comparison.callers.shutdown();
        }
    }

    /** What a request runs through once is compiled for good after some ten thousand: by short ones that is soon. */
    private void warmUp(Path recording, Duration length) throws IOException, InterruptedException {
        Path brief = Files.createTempFile("brief", ".wav");
        try {
            byte[] bytes = Files.readAllBytes(recording);
            int samples = 48_000;
            byte[] start = Arrays.copyOf(bytes, WAV_HEADER + samples);
            ByteBuffer.wrap(start)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(4, start.length - 8)
                    .putInt(WAV_HEADER - Integer.BYTES, samples);
            Files.write(brief, start);
            say("to warm up, half-second recordings: server " + text(server(brief, MOST_CALLERS, WARM_UP)));
            say("library " + text(library(brief, MOST_CALLERS, WARM_UP.dividedBy(2))));
        } finally {
            Files.delete(brief);
        }
        say("whole ones: server " + text(server(recording, MOST_CALLERS, length)));
        say("library " + text(library(recording, MOST_CALLERS, length)));
    }

    private void compare(Path recording, int count, Duration length, int pairs)
            throws IOException, InterruptedException {
        List<Turn> library = new ArrayList<>();
        List<Turn> served = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            // Whoever comes second has no advantage: ABBA.
            if (i % 2 == 0) {
                library.add(library(recording, count, length));
                served.add(server(recording, count, length));
            } else {
                served.add(server(recording, count, length));
                library.add(library(recording, count, length));
            }
            say(String.format(
                    Locale.ROOT,
                    "%d at once, pair %d: library %s; server %s: %+.1f %%",
                    count,
                    i + 1,
                    text(library.get(i)),
                    text(served.get(i)),
                    percent(library.get(i), served.get(i), Turn::processor)));
        }
        System.out.printf(
                Locale.ROOT,
                "%d at once: processor time %s; requests/s %s; p99 %s ms%n",
                count,
                summary(library, served, Turn::processor),
                summary(library, served, Turn::requestsPerSecond),
                summary(library, served, Turn::p99Millis));
        System.out.println("  library, ms a request: " + text(means(library)));
        System.out.println("  server, ms a request:  " + text(means(served)));
        System.out.println("  resident: " + resident());
    }

    /** The library called by as many threads, each again when it has its answer. */
    private Turn library(Path recording, int count, Duration length) throws IOException, InterruptedException {
        byte[] bytes = Files.readAllBytes(recording);
        AtomicBoolean over = new AtomicBoolean();
        LongAdder done = new LongAdder();
        Queue<Long> nanos = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < count; i++) {
            callers.execute(() -> {
                while (!over.get()) {
                    long since = System.nanoTime();
                    classifier
                            .analyseAsync(
                                    () -> AudioFiles.open(bytes, "recording", AudioLimits.defaults()),
                                    "recording",
                                    RecordingContext.unknown(),
                                    CallOptions.none())
                            .join();
                    nanos.add(System.nanoTime() - since);
                    done.increment();
                }
            });
        }
        Turn turn = measure(null, done, length);
        over.set(true);
        awaitIdle();
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return new Turn(
                turn.requestsPerSecond(),
                sorted[(int) Math.ceil(sorted.length * 0.99) - 1] / 1e6,
                turn.millisPerRequest());
    }

    private Turn server(Path recording, int count, Duration length) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                "wrk",
                "-t1",
                "-c" + count,
                "-d" + length.plus(RAMP).plusSeconds(1).toSeconds() + "s",
                "--timeout",
                "60",
                "-s",
                script.toString(),
                "http://localhost:" + server.port() + "/classify");
        builder.environment().put("RECORDING", recording.toString());
        Process wrk = builder.redirectErrorStream(true).start();
        Turn turn = measure(wrk, answered, length);
        String said = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        wrk.waitFor();
        awaitIdle();
        Matcher p99 = P99.matcher(said);
        if (!p99.find() || !p99.group(2).equals("0")) {
            throw new IllegalStateException("wrk said: " + said);
        }
        return new Turn(turn.requestsPerSecond(), Double.parseDouble(p99.group(1)), turn.millisPerRequest());
    }

    /** Lets those who have begun end, and those who were left. */
    private static void awaitIdle() throws InterruptedException {
        Thread.sleep(RAMP.toMillis());
    }

    private static Turn measure(Process load, LongAdder done, Duration length) throws InterruptedException {
        Thread.sleep(RAMP.toMillis());
        long begun = System.nanoTime();
        long before = done.sum();
        Map<String, Double> used = ProcessorTime.of(load);
        Thread.sleep(length.toMillis());
        double seconds = (System.nanoTime() - begun) / 1e9;
        double requests = done.sum() - before;
        Map<String, Double> millis = new TreeMap<>();
        ProcessorTime.of(load)
                .forEach((work, total) -> millis.put(work, 1e3 * (total - used.getOrDefault(work, 0.0)) / requests));
        return new Turn(requests / seconds, 0, millis);
    }

    private static double percent(Turn library, Turn served, ToDoubleFunction<Turn> value) {
        return 100 * (value.applyAsDouble(served) / value.applyAsDouble(library) - 1);
    }

    private static String summary(List<Turn> library, List<Turn> served, ToDoubleFunction<Turn> value) {
        double[] percents = new double[library.size()];
        for (int i = 0; i < percents.length; i++) {
            percents[i] = percent(library.get(i), served.get(i), value);
        }
        Arrays.sort(percents);
        return String.format(
                Locale.ROOT,
                "%.2f, %.2f: %+.1f %% (%+.1f to %+.1f)",
                median(library.stream().mapToDouble(value).sorted().toArray()),
                median(served.stream().mapToDouble(value).sorted().toArray()),
                median(percents),
                percents[0],
                percents[percents.length - 1]);
    }

    private static double median(double[] sorted) {
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static Map<String, Double> means(List<Turn> turns) {
        Map<String, Double> means = new TreeMap<>();
        turns.forEach(turn ->
                turn.millisPerRequest().forEach((work, ms) -> means.merge(work, ms / turns.size(), Double::sum)));
        return means;
    }

    private static String text(Turn turn) {
        return String.format(
                Locale.ROOT,
                "%.1f requests/s, p99 %.1f ms, %.2f ms",
                turn.requestsPerSecond(),
                turn.p99Millis(),
                turn.processor());
    }

    private static String text(Map<String, Double> millis) {
        List<String> parts = new ArrayList<>();
        millis.forEach((work, ms) -> parts.add(String.format(Locale.ROOT, "%s %.2f", work, ms)));
        return String.join(", ", parts);
    }

    private static String resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .findFirst()
                .orElseThrow()
                .replaceAll("\\s+", " ");
    }

    private static void say(String line) {
        System.err.println(line);
    }
}
