package org.earshot.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.earshot.model.ModelDirectory;
import org.earshot.model.PreparedNetwork;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how fast a model runs here. */
@Command(
        name = "bench",
        description = "Measures how fast a model answers on this machine: one caller, one call after another.",
        footer = {
            "",
            "The real-time factor is computing time over the length of the audio: 0.01 is a hundred times faster than"
                    + " real time. Peak memory is the whole process's, Java included (Linux only). Layers are timed"
                    + " one by one, after the rest.",
            "",
            "Example:",
            "  earshot bench my-model --threads 2 --from pcm"
        })
final class BenchCommand extends Subcommand {
    private static final double MILLISECOND = 1e6;

    /** Where a run begins. */
    enum Start {
        /** With samples. */
        PCM,
        /** With log-mel features. */
        FEATURES
    }

    @Mixin
    private RunOptions options;

    @Option(
            names = "--from",
            paramLabel = "pcm|features",
            defaultValue = "features",
            description = "What a call begins with. Default: ${DEFAULT-VALUE}.")
    private Start from;

    @Option(
            names = "--duration",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long to run, longer for a slow model. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /** What was measured; times in milliseconds. */
    private record Figures(
            String backend,
            int runs,
            double median,
            double percentile90,
            double percentile99,
            double clipsPerSecond,
            double realTimeFactor,
            OptionalDouble peakMemory,
            Map<String, Duration> layers) {}

    @Override
    public Integer call() {
        // Written so that NaN fails too.
        if (!(seconds > 0 && seconds <= 3600)) {
            throw usageError("--duration: found " + seconds + "; expected more than 0 and at most 3600 seconds");
        }
        ModelDirectory model = options.read();
        int length = options.frames(model);
        try (PreparedNetwork network = options.prepare(model);
                LatencyProbe probe = new LatencyProbe(model, network, options.batch(), length, from == Start.PCM)) {
            Figures figures = measure(network, probe);
            console().result(json ? json(figures, length) : table(figures, length));
        }
        return DONE;
    }

    private Figures measure(PreparedNetwork network, LatencyProbe probe) {
        long[] times = probe.measure(Duration.ofNanos((long) (seconds * 1e9)));
        // Before the profile, which runs differently.
        OptionalDouble memory = peakMemory();
        double median = percentile(times, 50);
        return new Figures(
                network.backend().toString(),
                times.length,
                median,
                percentile(times, 90),
                percentile(times, 99),
                1000 * options.batch() / median,
                median / 1000 / probe.audioSeconds(),
                memory,
                probe.profile());
    }

    /** The smallest time that at least this share of the runs did not exceed. */
    private static double percentile(long[] sorted, int percent) {
        int rank = (int) Math.ceil(percent / 100.0 * sorted.length);
        return sorted[Math.max(0, rank - 1)] / MILLISECOND;
    }

    /** Linux's {@code VmHWM} in MB; it counts units of 1024 bytes. */
    private static OptionalDouble peakMemory() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e6)
                    .findFirst();
        } catch (IOException e) {
            return OptionalDouble.empty(); // Not Linux.
        }
    }

    private static double total(Map<String, Duration> layers) {
        return layers.values().stream().mapToLong(Duration::toNanos).sum();
    }

    private String table(Figures figures, int length) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s, %d x %d frames from %s, %d runs%n%n",
                figures.backend,
                options.batch(),
                length,
                from.name().toLowerCase(Locale.ROOT),
                figures.runs));
        Layout summary = new Layout(false, true, false);
        summary.add("latency, median", number(figures.median), "ms");
        summary.add("90th percentile", number(figures.percentile90), "ms");
        summary.add("99th percentile", number(figures.percentile99), "ms");
        summary.add("clips per second", number(figures.clipsPerSecond), "");
        summary.add("real-time factor", String.format(Locale.ROOT, "%.5f", figures.realTimeFactor), "");
        figures.peakMemory.ifPresent(memory -> summary.add("peak memory", number(memory), "MB"));
        text.append(summary).append('\n');
        Layout layers = new Layout(false, true, true);
        layers.add("layer", "ms", "%");
        double total = total(figures.layers);
        figures.layers.forEach((name, time) -> layers.add(
                Text.visible(name),
                number(time.toNanos() / MILLISECOND),
                String.format(Locale.ROOT, "%.1f", 100 * time.toNanos() / total)));
        return text.append(layers).toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private String json(Figures figures, int length) {
        return Json.line(out -> {
            out.writeStringField("backend", figures.backend);
            out.writeNumberField("batch", options.batch());
            out.writeNumberField("frames", length);
            out.writeStringField("from", from.name().toLowerCase(Locale.ROOT));
            out.writeNumberField("runs", figures.runs);
            out.writeNumberField("latency_ms_median", figures.median);
            out.writeNumberField("latency_ms_p90", figures.percentile90);
            out.writeNumberField("latency_ms_p99", figures.percentile99);
            out.writeNumberField("clips_per_second", figures.clipsPerSecond);
            out.writeNumberField("real_time_factor", figures.realTimeFactor);
            if (figures.peakMemory.isPresent()) {
                out.writeNumberField("peak_memory_mb", figures.peakMemory.getAsDouble());
            } else {
                out.writeNullField("peak_memory_mb");
            }
            double total = total(figures.layers);
            out.writeArrayFieldStart("layers");
            for (Map.Entry<String, Duration> layer : figures.layers.entrySet()) {
                out.writeStartObject();
                out.writeStringField("name", layer.getKey());
                out.writeNumberField("ms", layer.getValue().toNanos() / MILLISECOND);
                out.writeNumberField("share", layer.getValue().toNanos() / total);
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }
}
