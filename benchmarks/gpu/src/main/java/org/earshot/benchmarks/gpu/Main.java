package org.earshot.benchmarks.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs the set {@code gpu} and writes its table; started by tools/bench and tools/gpu. */
public final class Main {
    /** What {@code tools/gpu} says of a machine without a GPU too. */
    private static final int NO_DEVICE = 2;

    private Main() {}

    /**
     * Runs the set.
     *
     * @param args the Markdown file to write
     * @throws IOException if the table cannot be written
     * @throws RunnerException if JMH does not start
     */
    public static void main(String[] args) throws IOException, RunnerException {
        if (args.length != 1) {
            throw new IllegalArgumentException(args.length + " arguments; expected the file to write");
        }
        Optional<String> missing = Cuda.missing();
        if (missing.isPresent()) {
            System.err.println("earshot: " + missing.get());
            System.exit(NO_DEVICE);
        }
        // Says why where it does not start.
        String device = Backends.start("cuda", 1).toString();
        Limits limits = Limits.measure();
        List<Table.Row> rows = new ArrayList<>();
        int expected = 0;
        for (boolean multiplies : new boolean[] {true, false}) {
            List<Work> works = Arrays.stream(Work.values())
                    .filter(work -> work.multiplies() == multiplies)
                    .toList();
            List<Precision> precisions = multiplies ? List.of(Precision.values()) : List.of(Precision.FLOAT32);
            List<String> batches = multiplies ? List.of("1", "16") : List.of("1");
            expected += 2 * works.size() * precisions.size() * batches.size();
            for (RunResult result : run(works, precisions, batches)) {
                rows.add(row(result));
            }
        }
        Path target = Path.of(args[0]).toAbsolutePath();
        Files.createDirectories(target.getParent());
        Files.writeString(target, new Table(rows, limits).markdown(device, Cuda.versions()));
        if (rows.size() != expected) {
            System.err.println("earshot: " + (expected - rows.size()) + " of " + expected + " measurements failed");
            System.exit(1);
        }
    }

    /** In this process: a fork would spend its time on starting CUDA, and what is measured is the device's. */
    private static Iterable<RunResult> run(List<Work> works, List<Precision> precisions, List<String> batches)
            throws RunnerException {
        return new Runner(new OptionsBuilder()
                        .include("^" + GpuBenchmark.class.getName().replace(".", "\\.") + "\\.")
                        .param("work", names(works))
                        .param("precision", names(precisions))
                        .param("batch", batches.toArray(String[]::new))
                        .forks(0)
                        .warmupIterations(1)
                        .warmupTime(TimeValue.milliseconds(100))
                        .measurementIterations(3)
                        .measurementTime(TimeValue.milliseconds(100))
                        .shouldFailOnError(false)
                        .build())
                .run();
    }

    private static String[] names(List<? extends Enum<?>> values) {
        return values.stream().map(Enum::name).toArray(String[]::new);
    }

    private static Table.Row row(RunResult result) {
        BenchmarkParams parameters = result.getParams();
        return new Table.Row(
                parameters.getParam("contender"),
                Work.valueOf(parameters.getParam("work")),
                Precision.valueOf(parameters.getParam("precision")),
                Integer.parseInt(parameters.getParam("batch")),
                result.getPrimaryResult().getStatistics().getPercentile(50) / 1e3 / Contender.REPEATS);
    }
}
