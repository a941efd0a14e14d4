package org.earshot.cli.output;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.earshot.parity.Comparison;
import org.earshot.parity.Difference;
import org.earshot.parity.ParityResult;

/** Parity as a table in plain text: a row for each tensor, in the order in which the layers run. */
public final class ParityTable {
    private final Layout table =
            new Layout(TEXT, TEXT, TEXT, TEXT, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, TEXT, NUMBER, NUMBER, TEXT);
    private final List<String> remarks = new ArrayList<>();

    private ParityTable() {
        table.add(
                "model",
                "golden",
                "backend",
                "output",
                "largest",
                "mean",
                "spread",
                "relative",
                "cosine",
                "worst at",
                "rounding",
                "tolerance",
                "");
    }

    public static String of(ParityRun run) {
        ParityTable table = new ParityTable();
        run.entries().forEach(entry -> table.add(entry.model(), entry.result()));
        return table.toString();
    }

    private void add(String model, ParityResult result) {
        Optional<String> first = result.first().map(Comparison::name);
        String golden = Text.visible(result.golden().getFileName().toString());
        for (Comparison one : result.comparisons()) {
            boolean isFirst = first.filter(one.name()::equals).isPresent();
            Difference difference = one.difference();
            table.add(
                    Text.visible(model),
                    golden,
                    result.backend(),
                    Text.visible(one.name()),
                    number(difference.largest()),
                    number(difference.mean()),
                    number(difference.spread()),
                    number(difference.relative()),
                    String.format(Locale.ROOT, "%.6f", difference.cosine()),
                    difference.worst(),
                    number(one.bound()),
                    number(one.tolerance()),
                    one.passes() ? "PASS" : isFirst ? "FAIL, the first" : "FAIL");
            if (!one.guess().isEmpty()) {
                remarks.add(golden + ", " + result.backend() + ", " + Text.visible(one.name()) + ": " + one.guess());
            }
        }
        result.notes().forEach(note -> remarks.add(golden + ": " + Text.visible(note)));
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.2e", value);
    }

    /** The table, and what is to be said beside it, one line each. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(table.toString());
        remarks.stream().distinct().forEach(remark -> text.append(remark).append('\n'));
        return text.toString();
    }
}
