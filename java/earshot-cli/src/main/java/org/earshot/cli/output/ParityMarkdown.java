package org.earshot.cli.output;

import java.util.Locale;
import java.util.Optional;
import org.earshot.parity.Comparison;
import org.earshot.parity.ParityResult;

/**
 * Parity as Markdown, as GitHub shows it in a job's summary ({@code --markdown "$GITHUB_STEP_SUMMARY"}): a row for each
 * golden file on each backend, and below it the layers of those that differ.
 */
public final class ParityMarkdown {
    private final StringBuilder text = new StringBuilder();

    private ParityMarkdown() {}

    public static String of(ParityRun run) {
        ParityMarkdown markdown = new ParityMarkdown();
        markdown.summary(run);
        run.entries().stream()
                .filter(entry -> entry.result().first().isPresent())
                .forEach(entry -> markdown.layers(entry.model(), entry.result()));
        return markdown.text.toString();
    }

    private void summary(ParityRun run) {
        text.append("## Parity with PyTorch: ")
                .append(run.passed() ? "agrees" : "differs")
                .append("\n\n");
        row("model", "golden", "backend", "compared", "first that differs", "guess");
        row("---", "---", "---", "---:", "---", "---");
        for (ParityRun.Entry entry : run.entries()) {
            ParityResult result = entry.result();
            Optional<Comparison> first = result.first();
            row(
                    cell(entry.model()),
                    cell(result.golden().getFileName().toString()),
                    cell(result.backend()),
                    Integer.toString(result.comparisons().size()),
                    first.map(one -> "**" + cell(one.name()) + "**").orElse("none"),
                    first.map(one -> cell(one.guess())).orElse(""));
        }
        text.append('\n');
        run.failures().forEach(failure -> text.append("- not compared: ")
                .append(cell(failure.message()))
                .append('\n'));
        run.skipped().forEach(skipped -> text.append("- backend ")
                .append(cell(skipped.backend()))
                .append(" skipped: ")
                .append(cell(skipped.reason()))
                .append('\n'));
    }

    private void layers(String model, ParityResult result) {
        text.append("\n<details><summary>")
                .append(cell(model + "/" + result.golden().getFileName() + " on " + result.backend()))
                .append("</summary>\n\n");
        row("output", "largest", "mean", "relative", "cosine", "worst at", "tolerance", "");
        row("---", "---:", "---:", "---:", "---:", "---", "---:", "---");
        for (Comparison one : result.comparisons()) {
            row(
                    cell(one.name()),
                    ParityTable.number(one.difference().largest()),
                    ParityTable.number(one.difference().mean()),
                    ParityTable.number(one.difference().relative()),
                    String.format(Locale.ROOT, "%.6f", one.difference().cosine()),
                    one.difference().worst(),
                    ParityTable.number(one.tolerance()),
                    one.passes() ? "" : "differs");
        }
        text.append("\n</details>\n");
    }

    private void row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** A name that is no markup: neither a table's, nor HTML's. */
    private static String cell(String name) {
        return Text.visible(name)
                .replace("\\", "\\\\")
                .replace("|", "\\|")
                .replace("<", "&lt;")
                .replace("*", "\\*")
                .replace("_", "\\_")
                .replace("`", "\\`");
    }
}
