package org.earshot.benchmarks;

import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/** The most memory the process has had resident (Linux, {@code VmHWM}), in MB; nothing elsewhere. */
public final class PeakMemoryProfiler implements InternalProfiler {
    /** Name of the result. */
    static final String LABEL = "memory.peak";

    /** For JMH. */
    public PeakMemoryProfiler() {}

    @Override
    public String getDescription() {
        return "peak resident memory";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        // The mark counts from the start of the process.
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double peak = ProcFile.kilobytes("/proc/self/status", "VmHWM") / 1000.0;
        return peak > 0 ? List.of(new ScalarResult(LABEL, peak, "MB", AggregationPolicy.MAX)) : List.of();
    }
}
