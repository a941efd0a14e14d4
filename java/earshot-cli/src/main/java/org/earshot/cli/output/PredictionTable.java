package org.earshot.cli.output;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.earshot.EnsemblePrediction;
import org.earshot.ScenePrediction.ScoredScene;

/**
 * Answers for the eye. Rows are printed as they come, so the columns' widths are known before: by files and labels. Of
 * several models, it says whether they agree, and where they do not, what each took the recording for.
 */
public final class PredictionTable implements PredictionFormat {
    private static final String PROBABILITY = "probability";
    private static final String DISAGREE = "disagree";

    private final int fileWidth;
    private final int labelWidth;
    private final int top;
    private final List<String> models;

    /**
     * Fits the columns.
     *
     * @param models names of several; none of one
     */
    public PredictionTable(List<Path> files, List<String> labels, int top, List<String> models) {
        this.models = models;
        fileWidth = Layout.fileWidth(files);
        labelWidth = Layout.labelWidth(labels);
        this.top = top;
    }

    private static String cell(Path file) {
        return Text.visible(file.toString());
    }

    @Override
    public String header() {
        return line("file", "scene", PROBABILITY, "models", top > 1 ? "runners-up" : "");
    }

    @Override
    public String row(Path file, Answer answer) {
        String others = answer.scene().ranking().stream()
                .limit(top)
                .skip(1)
                .map(PredictionTable::cell)
                .collect(Collectors.joining(", "));
        return line(
                cell(file),
                Text.visible(answer.scene().label()),
                number(answer.scene().probability()),
                answer.ensemble().map(PredictionTable::verdict).orElse(""),
                others + answer.ensemble().map(this::voices).orElse(""));
    }

    private static String verdict(EnsemblePrediction several) {
        return several.agree() ? "agree" : DISAGREE;
    }

    private String voices(EnsemblePrediction several) {
        if (several.agree()) {
            return "";
        }
        return IntStream.range(0, models.size())
                .mapToObj(i -> Text.visible(models.get(i)) + ": "
                        + cell(several.answers().get(i)))
                .collect(Collectors.joining(", ", "  (", ")"));
    }

    private static String cell(ScoredScene scene) {
        return Text.visible(scene.label()) + " " + number(scene.probability());
    }

    private String line(String file, String label, String probability, String verdict, String others) {
        String line = Layout.pad(file, fileWidth, TEXT)
                + "  " + Layout.pad(label, labelWidth, TEXT)
                + "  " + Layout.pad(probability, PROBABILITY.length(), NUMBER)
                + (models.isEmpty() ? "" : "  " + Layout.pad(verdict, DISAGREE.length(), TEXT))
                + "  " + others;
        return line.stripTrailing() + "\n";
    }

    private static String number(float probability) {
        return String.format(Locale.ROOT, "%.3f", probability);
    }
}
