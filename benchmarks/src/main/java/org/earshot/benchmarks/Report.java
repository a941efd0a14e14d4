package org.earshot.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;
import org.earshot.weights.WeightTensor;

/** Measurements as Markdown tables. */
final class Report {
    private final List<Measurement> rows;
    private final StringBuilder text = new StringBuilder();

    Report(List<Measurement> rows) {
        this.rows = rows;
    }

    /** The whole text: title, machine, one table for each kind of benchmark that ran. */
    String markdown(String title, List<String> machine, Optional<String> librosa) {
        text.append("# ").append(title).append("\n\n");
        machine.forEach(line -> text.append(line).append('\n'));
        text.append("- float32; each result was checked against PyTorch's (features: librosa's) before it was timed\n");
        network();
        layers();
        features(librosa);
        return text.toString();
    }

    private void network() {
        List<Measurement> network = of(NetworkBenchmark.class);
        if (network.isEmpty()) {
            return;
        }
        heading("The whole network, from features");
        table(
                "engine",
                "T",
                "clips a call",
                "threads a call",
                "callers",
                "median, ms",
                "90 %, ms",
                "calls timed",
                "clips/s",
                "heap a call, B",
                "peak memory, MB",
                "core to core, ns",
                "times the median of the fastest backend here");
        for (Measurement row : network) {
            double best = network.stream()
                    .filter(row::sameWork)
                    .filter(Measurement::ours)
                    .mapToDouble(Measurement::median)
                    .min()
                    .orElse(Double.NaN);
            line(
                    row.contender(),
                    row.frames(),
                    row.batch(),
                    row.threads(),
                    row.callers(),
                    number(row.median()),
                    number(row.percentile90()),
                    row.samples(),
                    number(1000 * row.callers() * row.batch() / row.median()),
                    number(row.allocated()),
                    number(row.peakMemory()),
                    number(row.coreDistance()),
                    number(row.median() / best));
        }
    }

    private void layers() {
        List<Measurement> peaks = of(PeakBenchmark.class);
        if (!peaks.isEmpty()) {
            heading("What this machine reaches");
            text.append("A convolution of 256 to 64 channels in PyTorch (oneDNN, channels last), float32.\n\n");
            table("threads", "median, ms", "GFLOP/s");
            peaks.forEach(row -> line(row.threads(), number(row.median()), number(peakRate(row))));
        }
        List<Measurement> layers = of(LayerBenchmark.class);
        if (layers.isEmpty()) {
            return;
        }
        heading("Layers alone, T = 500");
        table(
                "engine",
                "layer",
                "threads",
                "median, ms",
                "90 %, ms",
                "GFLOP/s",
                "of the convolution's rate above, %",
                "state updates/s");
        for (Measurement row : layers) {
            LayerWork work =
                    LayerWork.valueOf(row.layer().toUpperCase(Locale.ROOT).replace(' ', '_'));
            Layer layer = work.layer();
            WeightTensor input = BenchmarkModel.tensors("layers.safetensors").get(work.input);
            Shape shape = LayerWork.inputShape(layer, input.shape());
            double seconds = row.median() / 1000;
            double rate = LayerWork.operations(layer, shape) / seconds / 1e9;
            double updates = LayerWork.stateUpdates(layer, shape) / seconds;
            double limit = peaks.stream()
                    .filter(peak -> peak.threads() == row.threads())
                    .mapToDouble(Report::peakRate)
                    .findFirst()
                    .orElse(Double.NaN);
            line(
                    row.contender(),
                    row.layer(),
                    row.threads(),
                    number(row.median()),
                    number(row.percentile90()),
                    number(rate),
                    number(100 * rate / limit),
                    updates == 0 ? "" : String.format(Locale.ROOT, "%.2e", updates));
        }
    }

    private static double peakRate(Measurement row) {
        return 2 * PeakBenchmark.MULTIPLY_ADDS / row.median() / 1e6;
    }

    private void features(Optional<String> librosa) {
        List<Measurement> features = of(LogMelBenchmark.class);
        if (features.isEmpty()) {
            return;
        }
        heading("Log-mel features of 10 s, one thread");
        table("engine", "median, ms", "90 %, ms", "heap a call, B");
        for (Measurement row : features) {
            line("Earshot", number(row.median()), number(row.percentile90()), number(row.allocated()));
        }
        librosa.ifPresent(text::append);
    }

    private List<Measurement> of(Class<?> benchmark) {
        return rows.stream()
                .filter(row -> row.benchmark().equals(benchmark.getSimpleName()))
                .sorted(Comparator.comparingInt(Measurement::callers)
                        .thenComparing(
                                Comparator.comparingInt(Measurement::threads).reversed())
                        .thenComparingInt(Measurement::batch)
                        .thenComparingInt(Measurement::frames)
                        .thenComparing(Measurement::layer)
                        .thenComparingDouble(Measurement::median))
                .toList();
    }

    private void heading(String title) {
        text.append("\n## ").append(title).append("\n\n");
    }

    private void table(String... titles) {
        line((Object[]) titles);
        text.append("|---".repeat(titles.length)).append("|\n");
    }

    private void line(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            texts.add(cell.toString());
        }
        text.append("| ").append(String.join(" | ", texts)).append(" |\n");
    }

    /** Three significant digits, without an exponent; nothing for an unknown number. */
    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        int decimals = value == 0 ? 0 : Math.max(0, 2 - (int) Math.floor(Math.log10(Math.abs(value))));
        return String.format(Locale.ROOT, "%." + Math.min(decimals, 3) + "f", value);
    }
}
