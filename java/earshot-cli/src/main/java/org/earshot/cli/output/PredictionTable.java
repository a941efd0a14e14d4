package org.earshot.cli.output;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.earshot.ScenePrediction;

/** Answers for the eye. Rows are printed as they come, so the columns' widths are known before: by files and labels. */
public final class PredictionTable implements PredictionFormat {
    private static final String PROBABILITY = "probability";

    private final int fileWidth;
    private final int labelWidth;
    private final int top;

    public PredictionTable(List<Path> files, List<String> labels, int top) {
        fileWidth = Layout.fileWidth(files);
        labelWidth = Layout.labelWidth(labels);
        this.top = top;
    }

    private static String cell(Path file) {
        return Text.visible(file.toString());
    }

    @Override
    public String header() {
        return line("file", "scene", PROBABILITY, top > 1 ? "runners-up" : "");
    }

    @Override
    public String row(Path file, ScenePrediction prediction) {
        return line(
                cell(file),
                Text.visible(prediction.label()),
                number(prediction.probability()),
                prediction.ranking().stream()
                        .limit(top)
                        .skip(1)
                        .map(scene -> Text.visible(scene.label()) + " " + number(scene.probability()))
                        .collect(Collectors.joining(", ")));
    }

    private String line(String file, String label, String probability, String others) {
        String line = Layout.pad(file, fileWidth, false)
                + "  " + Layout.pad(label, labelWidth, false)
                + "  " + Layout.pad(probability, PROBABILITY.length(), true)
                + "  " + others;
        return line.stripTrailing() + "\n";
    }

    private static String number(float probability) {
        return String.format(Locale.ROOT, "%.3f", probability);
    }
}
