package org.earshot.cli.commands;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.earshot.cli.options.JsonOption;
import org.earshot.cli.options.RunOptions;
import org.earshot.cli.output.Json;
import org.earshot.cli.output.Layout;
import org.earshot.cli.output.Text;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelDirectory;
import org.earshot.network.PreparedNetwork;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how fast a model runs here. */
@Command(
        name = "bench",
        description = "Measures how fast a model answers on this machine: every caller makes one call after another.",
        footer = {
            "",
            "The real-time factor is computing time over the length of the audio: 0.01 is a hundred times faster than"
                    + " real time. Peak memory is the whole process's until then, Java included (Linux only). Layers"
                    + " are timed one by one, after the rest. Several batches or callers are measured one after"
                    + " another, in one process.",
            "",
            "With --scenario whole calls are measured, from a recording in memory to the answer, on a classifier as a"
                    + " service has it; --batch N then computes up to N calls together. Calls that come at random are"
                    + " timed from when they were due, so that waiting counts, whoever caused it. Streams are first given"
                    + " sound as fast as they take it, for two fifths of the time, then as it comes; their times are"
                    + " the age of answers: from when a window's last sample was due.",
            "",
            "Examples:",
            "  earshot bench my-model --threads 2 --from pcm",
            "  earshot bench my-model --batch 1,8,64 --callers 1,4 --json",
            "  earshot bench my-model --scenario multi --concurrency 64",
            "  earshot bench my-model --scenario server --p99 500 --duration 20",
            "  earshot bench my-model --scenario streams --streams 1000 --hop 10"
        })
final class BenchCommand extends Subcommand {
    private static final double MILLISECOND = 1e6;

    /** Each has a session of its own, with all its memory. */
    private static final int MOST_CALLERS = 1024;

    @Mixin
    private RunOptions options;

    @Option(
            names = "--from",
            paramLabel = "pcm|pcm16|features",
            defaultValue = "features",
            description = "What a call begins with: samples, samples as a recording of 16 bits has them (of which half"
                    + " as many bytes go to a GPU), or log-mel features. Default: ${DEFAULT-VALUE}.")
    private LatencyProbe.Start from;

    @Option(
            names = "--duration",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long to run, longer for a slow model. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(
            names = "--callers",
            paramLabel = "N",
            defaultValue = "1",
            split = ",",
            description = "Callers at once, each with a session of its own; several as in 1,2,4. Default: 1.")
    private List<Integer> callers;

    @Mixin
    private LoadScenario load;

    @Mixin
    private JsonOption json;

    /** What was measured, of {@code callers} callers with {@code batch} clips a call; times in milliseconds. */
    private record Figures(
            String modelDigest,
            String backend,
            int batch,
            int callers,
            int frames,
            int runs,
            double mean,
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
        options.requirePositive("--callers", callers);
        callers.stream().filter(count -> count > MOST_CALLERS).findFirst().ifPresent(count -> {
            throw usageError("--callers: found " + count + "; expected 1 to " + MOST_CALLERS);
        });
        load.check();
        if (load.asked()) {
            int batch = options.batch();
            FeatureParameters clips = options.features(options.read());
            Duration duration = Duration.ofNanos((long) (seconds * 1e9));
            console().result(load.run(options.classifier(load.callers()), batch, clips, duration, json.asked()));
            return DONE;
        }
        ModelDirectory model = options.read();
        String digest = model.digest();
        try (PreparedNetwork network = options.prepare(model)) {
            for (int batch : options.batches()) {
                for (int count : callers) {
                    Figures figures = measure(model, digest, network, batch, count);
                    console().result(json.asked() ? json(figures) : table(figures));
                }
            }
        }
        return DONE;
    }

    private Figures measure(ModelDirectory model, String digest, PreparedNetwork network, int batch, int count) {
        FeatureParameters parameters = options.features(model);
        List<LatencyProbe> probes = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                probes.add(new LatencyProbe(model.model(), network, batch, parameters, from));
            }
            List<long[]> each = LatencyProbe.measure(probes, Duration.ofNanos((long) (seconds * 1e9)));
            // Before the profile, which runs differently.
            OptionalDouble memory = peakMemory();
            long[] times = each.stream().flatMapToLong(Arrays::stream).sorted().toArray();
            double median = percentile(times, 50);
            return new Figures(
                    digest,
                    network.backend().toString(),
                    batch,
                    count,
                    parameters.frames(),
                    times.length,
                    mean(times),
                    median,
                    percentile(times, 90),
                    percentile(times, 99),
                    each.stream().mapToDouble(own -> 1000 * batch / mean(own)).sum(),
                    median / 1000 / probes.get(0).audioSeconds(),
                    memory,
                    probes.get(0).profile());
        } finally {
            probes.forEach(LatencyProbe::close);
        }
    }

    private static double mean(long[] times) {
        return Arrays.stream(times).average().orElseThrow() / MILLISECOND;
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

    private String table(Figures figures) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s, %d x %d frames from %s, %s, %d runs%n%n",
                figures.backend,
                figures.batch,
                figures.frames,
                from.name().toLowerCase(Locale.ROOT),
                figures.callers == 1 ? "one caller" : figures.callers + " callers at once",
                figures.runs));
        Layout summary = new Layout(TEXT, NUMBER, TEXT);
        summary.add("latency, median", number(figures.median), "ms");
        summary.add("90th percentile", number(figures.percentile90), "ms");
        summary.add("99th percentile", number(figures.percentile99), "ms");
        summary.add("clips per second", number(figures.clipsPerSecond), "");
        summary.add("real-time factor", String.format(Locale.ROOT, "%.5f", figures.realTimeFactor), "");
        figures.peakMemory.ifPresent(memory -> summary.add("peak memory", number(memory), "MB"));
        text.append(summary).append('\n');
        Layout layers = new Layout(TEXT, NUMBER, NUMBER);
        layers.add("layer", "ms", "%");
        double total = total(figures.layers);
        figures.layers.forEach((name, time) -> layers.add(
                Text.visible(name),
                number(time.toNanos() / MILLISECOND),
                String.format(Locale.ROOT, "%.1f", 100 * time.toNanos() / total)));
        return text.append(layers).append('\n').toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private String json(Figures figures) {
        return Json.line(out -> {
            out.writeStringField("model_digest", figures.modelDigest);
            out.writeStringField("backend", figures.backend);
            out.writeNumberField("batch", figures.batch);
            out.writeNumberField("callers", figures.callers);
            out.writeNumberField("frames", figures.frames);
            out.writeStringField("from", from.name().toLowerCase(Locale.ROOT));
            out.writeNumberField("runs", figures.runs);
            out.writeNumberField("latency_ms_mean", figures.mean);
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
