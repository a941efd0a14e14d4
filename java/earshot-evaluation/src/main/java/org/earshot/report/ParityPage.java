package org.earshot.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.earshot.parity.Comparison;
import org.earshot.parity.Difference;
import org.earshot.parity.ParityResult;

/** What came of golden files as a page: each with its layers, and with the one that differs first or most. */
final class ParityPage {
    private ParityPage() {}

    static String of(List<ParityResult> results) {
        long differ =
                results.stream().filter(result -> result.first().isPresent()).count();
        Page page = new Page(
                "Parity with PyTorch",
                differ == 0
                        ? "Everything agrees: " + results.size() + " runs of golden files."
                        : differ + " of " + results.size() + " runs of golden files differ.");
        for (int i = 0; i < results.size(); i++) {
            ParityResult result = results.get(i);
            String heading = result.golden().getFileName() + " on " + result.backend();
            page.section("run-" + i, heading, markup -> write(markup, result));
        }
        return page.write();
    }

    private static void write(Markup page, ParityResult result) {
        if (result.first().isPresent()) {
            Comparison first = result.first().get();
            page.open("p").text("The first that differs: ").name(first.name());
            page.text(", by " + LayerChart.figure(first.measured()) + ", most at "
                    + first.difference().worst() + (first.guess().isEmpty() ? "." : "; " + first.guess() + "."));
            page.close();
        } else {
            page.leaf("p", "All of " + result.comparisons().size() + " agree.");
        }
        page.open("figure", "class", "whole").leaf("figcaption", "Differences, layer by layer");
        page.leaf(
                "p",
                "Relative to the spread of PyTorch's values (of features: in dB). The dashed line is the tolerance, the"
                        + " thin one what rounding alone may amount to.",
                "class",
                "note");
        new LayerChart("Differences, layer by layer", result.comparisons()).write(page);
        table(page, result);
        page.close();
        Comparison worst = result.first().orElseGet(() -> result.comparisons().stream()
                .max(Comparator.comparingDouble(Comparison::measured))
                .orElseThrow());
        page.open("div", "class", "charts");
        page.open("figure").leaf("figcaption", "Where " + worst.name() + " differs");
        new DifferencePicture(worst).write(page);
        page.close();
        page.open("figure").leaf("figcaption", "Values of " + worst.name());
        new ValueHistogram(worst).write(page);
        page.close().close();
        result.notes().forEach(note -> page.leaf("p", note, "class", "note"));
    }

    private static void table(Markup page, ParityResult result) {
        Table table = new Table("Differences, layer by layer", "output");
        for (String column : List.of("largest", "mean", "spread", "cosine", "worst at", "rounding", "tolerance")) {
            table.column(column);
        }
        for (Comparison one : result.comparisons()) {
            Difference difference = one.difference();
            table.row(List.of(
                    one.name(),
                    LayerChart.figure(difference.largest()),
                    LayerChart.figure(difference.mean()),
                    LayerChart.figure(difference.spread()),
                    String.format(Locale.ROOT, "%.6f", difference.cosine()),
                    difference.worst(),
                    LayerChart.figure(one.bound()),
                    LayerChart.figure(one.tolerance())));
        }
        table.writeFolded(page);
    }
}
