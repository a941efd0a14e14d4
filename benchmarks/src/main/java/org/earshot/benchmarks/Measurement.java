package org.earshot.benchmarks;

import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

/**
 * One row of a table.
 *
 * @param benchmark simple name of the benchmark's class
 * @param contender the engine, or ""
 * @param layer the layer, or ""
 * @param threads that compute one run
 * @param callers at once
 * @param batch clips of a run
 * @param frames T of a clip
 * @param samples number of timed runs
 * @param median milliseconds
 * @param percentile90 milliseconds
 * @param allocated Java heap, bytes a run; NaN if unknown
 * @param peakMemory MB; NaN if unknown
 * @param coreDistance ns that a cache line took between two threads; NaN if unknown
 */
record Measurement(
        String benchmark,
        String contender,
        String layer,
        int threads,
        int callers,
        int batch,
        int frames,
        long samples,
        double median,
        double percentile90,
        double allocated,
        double peakMemory,
        double coreDistance) {

    static Measurement of(RunResult result) {
        BenchmarkParams parameters = result.getParams();
        Statistics statistics = result.getPrimaryResult().getStatistics();
        String name = parameters.getBenchmark();
        String className = name.substring(0, name.lastIndexOf('.'));
        return new Measurement(
                className.substring(className.lastIndexOf('.') + 1),
                text(parameters, "contender"),
                text(parameters, "layer").toLowerCase(Locale.ROOT).replace('_', ' '),
                number(parameters, "threads"),
                parameters.getThreads(),
                number(parameters, "batch"),
                number(parameters, "frames"),
                statistics.getN(),
                statistics.getPercentile(50),
                statistics.getPercentile(90),
                secondary(result, "gc.alloc.rate.norm"),
                secondary(result, PeakMemoryProfiler.LABEL),
                secondary(result, CoreDistanceProfiler.LABEL));
    }

    private static String text(BenchmarkParams parameters, String name) {
        return parameters.getParamsKeys().contains(name) ? parameters.getParam(name) : "";
    }

    private static int number(BenchmarkParams parameters, String name) {
        String text = text(parameters, name);
        return text.isEmpty() ? 1 : Integer.parseInt(text);
    }

    /** JMH has given profilers' labels a prefix in some releases. */
    private static double secondary(RunResult result, String label) {
        return result.getSecondaryResults().entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(label))
                .map(entry -> (Result<?>) entry.getValue())
                .mapToDouble(Result::getScore)
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Whether this is one of Earshot's backends. */
    boolean ours() {
        return !contender.startsWith(Contender.ONNX_RUNTIME) && !contender.equals(Contender.DJL);
    }

    /** Whether another row measures the same work, by whatever engine. */
    boolean sameWork(Measurement other) {
        return benchmark.equals(other.benchmark)
                && layer.equals(other.layer)
                && threads == other.threads
                && callers == other.callers
                && batch == other.batch
                && frames == other.frames;
    }
}
