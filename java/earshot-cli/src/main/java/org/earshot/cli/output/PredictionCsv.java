package org.earshot.cli.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.earshot.EnsemblePrediction;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.dataset.CsvText;

/**
 * Answers as CSV: {@code file,label,probability}, then label and probability of each runner-up; of several models,
 * whether they agree, and label and probability of each. Control characters are escaped as in tables, and no cell is a
 * formula to a spreadsheet.
 */
public final class PredictionCsv implements PredictionFormat {
    private static final CSVFormat FORMAT = CSVFormat.RFC4180;

    private final int top;

    private final List<String> models;

    /**
     * A row has as many scenes as asked for, but no more than there are.
     *
     * @param models names of several; none of one
     */
    public PredictionCsv(List<String> labels, int top, List<String> models) {
        this.models = models;
        this.top = Math.min(top, labels.size());
    }

    @Override
    public String header() {
        List<Object> cells = new ArrayList<>(List.of("file", "label", "probability"));
        for (int i = 2; i <= top; i++) {
            cells.add("label_" + i);
            cells.add("probability_" + i);
        }
        if (!models.isEmpty()) {
            cells.add("agree");
        }
        for (String model : models) {
            cells.add(text("label of " + model));
            cells.add(text("probability of " + model));
        }
        return line(cells);
    }

    @Override
    public String row(Path file, Answer answer) {
        List<Object> cells = new ArrayList<>();
        cells.add(text(file.toString()));
        answer.scene().ranking().stream().limit(top).forEach(scene -> add(cells, scene));
        answer.ensemble().map(EnsemblePrediction::agree).ifPresent(cells::add);
        answer.ensemble().stream()
                .flatMap(several -> several.answers().stream())
                .forEach(scene -> add(cells, scene));
        return line(cells);
    }

    private static void add(List<Object> cells, ScoredScene scene) {
        cells.add(text(scene.label()));
        cells.add(scene.probability());
    }

    private static String text(String text) {
        return CsvText.cell(Text.visible(text));
    }

    private static String line(List<Object> cells) {
        return FORMAT.format(cells.toArray()) + "\n";
    }
}
