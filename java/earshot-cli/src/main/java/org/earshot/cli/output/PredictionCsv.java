package org.earshot.cli.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.earshot.ScenePrediction;
import org.earshot.dataset.CsvText;

/**
 * Answers as CSV: {@code file,label,probability}, then label and probability of each runner-up. Control characters are
 * escaped as in tables, and no cell is a formula to a spreadsheet.
 */
public final class PredictionCsv implements PredictionFormat {
    private static final CSVFormat FORMAT = CSVFormat.RFC4180;

    private final int top;

    /** A row has as many scenes as asked for, but no more than there are. */
    public PredictionCsv(List<String> labels, int top) {
        this.top = Math.min(top, labels.size());
    }

    @Override
    public String header() {
        List<Object> cells = new ArrayList<>(List.of("file", "label", "probability"));
        for (int i = 2; i <= top; i++) {
            cells.add("label_" + i);
            cells.add("probability_" + i);
        }
        return line(cells);
    }

    @Override
    public String row(Path file, ScenePrediction prediction) {
        List<Object> cells = new ArrayList<>();
        cells.add(text(file.toString()));
        prediction.ranking().stream().limit(top).forEach(scene -> {
            cells.add(text(scene.label()));
            cells.add(scene.probability());
        });
        return line(cells);
    }

    private static String text(String text) {
        return CsvText.cell(Text.visible(text));
    }

    private static String line(List<Object> cells) {
        return FORMAT.format(cells.toArray()) + "\n";
    }
}
