package org.earshot.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cpu.CpuBackend;
import org.earshot.backend.cpu.InstructionSet;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;

/** Runs one named set of benchmarks and writes its table; started by tools/bench. */
public final class Main {
    private Main() {}

    /**
     * Runs a set.
     *
     * @param args its name; the Markdown file to write; a file with librosa's rows of the table, or ""; Earshot's
     *     backends that take part, separated by commas, or "" for the best one that starts
     * @throws IOException if the table cannot be written
     * @throws RunnerException if a benchmark failed; the table then lacks its rows
     */
    public static void main(String[] args) throws IOException, RunnerException {
        if (args.length != 4) {
            throw new IllegalArgumentException(args.length + " arguments; expected SUITE RESULT LIBROSA BACKENDS");
        }
        Suite suite = Suite.named(args[0]);
        List<String> backends = args[3].isEmpty() ? List.of(bestBackend()) : Arrays.asList(args[3].split(","));
        double load = Machine.load();
        List<Measurement> rows = new ArrayList<>();
        RunnerException failure = null;
        for (ChainedOptionsBuilder options : suite.runs(withInstructionSets(backends))) {
            try {
                for (RunResult result :
                        new Runner(options.jvmArgs(jvmArguments()).build()).run()) {
                    rows.add(Measurement.of(result));
                }
            } catch (RunnerException e) {
                // What else can be measured is; the caller still hears of it.
                failure = e;
            }
        }
        Optional<String> librosa =
                args[2].isEmpty() ? Optional.empty() : Optional.of(Files.readString(Path.of(args[2])));
        Path target = Path.of(args[1]);
        Files.createDirectories(target.toAbsolutePath().getParent());
        Files.writeString(target, new Report(rows).markdown("Benchmarks: " + args[0], Machine.describe(load), librosa));
        if (failure != null) {
            throw failure;
        }
    }

    private static String bestBackend() {
        return Backends.status().stream()
                .filter(Backends.Status::starts)
                .findFirst()
                .map(Backends.Status::name)
                .orElseThrow(() -> new IllegalStateException("no backend starts"));
    }

    /** Beside AVX-512, which few processors have, AVX2, which most have. */
    private static List<String> withInstructionSets(List<String> backends) {
        List<String> all = new ArrayList<>(backends);
        if (backends.contains(CpuBackend.NAME) && InstructionSet.best() == InstructionSet.AVX512) {
            all.add(Contender.CPU_AVX2);
        }
        return all;
    }

    /** A heap as small as a service would give it, so that peak memory means something. */
    private static String[] jvmArguments() {
        return new String[] {
            "-Xmx512m", "-XX:+UseSerialGC", "-D" + BenchmarkModel.PROPERTY + "=" + BenchmarkModel.file("")
        };
    }
}
