package org.earshot.benchmarks.gpu;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.earshot.backend.Precision;
import org.earshot.layer.Shape;

/** The results as Markdown. */
record Table(List<Row> rows, Limits limits) {
    /** Microseconds of one work by one side, the median. */
    record Row(String contender, Work work, Precision precision, int batch, double median) {}

    /**
     * A line for each work, precision and batch with Earshot's time, the libraries', and both as shares of the limit.
     */
    String markdown(String device, String versions) {
        StringBuilder text = new StringBuilder("# Layers beside cuDNN, cuBLASLt and a copy\n\n");
        text.append(device).append("; ").append(versions).append(".\n\n");
        text.append(String.format(
                Locale.ROOT,
                "Limits in the same run: a copy %.0f GB/s (read and written); a product of 8192 x 8192 x 8192 by"
                        + " cuBLASLt %s TFLOP/s.%n%n",
                limits.bytesPerSecond() / 1e9,
                String.join(
                        ", ",
                        limits.operationsPerSecond().entrySet().stream()
                                .map(entry -> entry.getKey() + " " + Math.round(entry.getValue() / 1e12))
                                .toList())));
        text.append(
                        "Earshot's time is of the whole layer, the libraries' of the calls named, both medians of graphs of ")
                .append(Contender.REPEATS)
                .append(
                        " in a row. TFLOP/s (GB/s of the copy) count the libraries' calls alone, on both sides; the share"
                                + " is of the limit in the same precision. Difference: of both sides' results, in standard"
                                + " deviations, before anything was timed.\n\n");
        text.append("| layer | libraries | batch | precision | Earshot, us | libraries, us | Earshot, TFLOP/s | share"
                + " | libraries, TFLOP/s | share | difference |\n");
        text.append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        for (Work work : Work.values()) {
            for (Precision precision : Precision.values()) {
                rows.stream()
                        .filter(row -> row.work == work && row.precision == precision)
                        .mapToInt(Row::batch)
                        .distinct()
                        .sorted()
                        .forEach(batch -> text.append(line(work, precision, batch)));
            }
        }
        return text.toString();
    }

    private String line(Work work, Precision precision, int batch) {
        Optional<Double> ours = median(GpuBenchmark.EARSHOT, work, precision, batch);
        Optional<Double> theirs = median(GpuBenchmark.LIBRARY, work, precision, batch);
        return String.format(
                Locale.ROOT,
                "| %s | %s | %d | %s | %s | %s | %s | %s | %.1e |%n",
                work.ours,
                work.theirs,
                batch,
                precision.toString().toLowerCase(Locale.ROOT),
                ours.map(Table::number).orElse("failed"),
                theirs.map(Table::number).orElse("failed"),
                rate(work, precision, batch, ours),
                rate(work, precision, batch, theirs),
                GpuBenchmark.difference(work, precision));
    }

    private Optional<Double> median(String contender, Work work, Precision precision, int batch) {
        return rows.stream()
                .filter(row -> row.contender.equals(contender)
                        && row.work == work
                        && row.precision == precision
                        && row.batch == batch)
                .map(Row::median)
                .findFirst();
    }

    /** Rate and share, two cells. */
    private String rate(Work work, Precision precision, int batch, Optional<Double> median) {
        if (median.isEmpty()) {
            return " | ";
        }
        Shape shape = work.shape(batch);
        double seconds = median.get() / 1e6;
        double rate = (work.multiplies() ? work.operations(shape) : Work.bytes(shape)) / seconds;
        double limit = work.multiplies() ? limits.operationsPerSecond().get(precision) : limits.bytesPerSecond();
        return String.format(
                Locale.ROOT, "%s | %.0f %%", number(rate / (work.multiplies() ? 1e12 : 1e9)), 100 * rate / limit);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }
}
