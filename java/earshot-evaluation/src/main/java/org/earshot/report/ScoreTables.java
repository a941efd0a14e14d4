package org.earshot.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.earshot.evaluation.ClassScore;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.ModelEvaluation;

/** The figures of all models side by side: over the whole set, and by class. */
final class ScoreTables {
    private ScoreTables() {}

    static void summary(Markup page, Evaluation evaluation) {
        Table table = new Table("Models on the same clips, with 95 % confidence intervals", "Model")
                .group("Accuracy", "value", "Wilson", "bootstrap")
                .group("Macro accuracy", "value", "Wilson", "bootstrap")
                .group("Log loss", "mean", "macro")
                .column("Calibration error");
        for (ModelEvaluation model : evaluation.models()) {
            table.row(List.of(
                    model.model(),
                    Numbers.percent(model.accuracy()),
                    Numbers.interval(model.accuracy().wilson()),
                    Numbers.interval(model.accuracy()),
                    Numbers.percent(model.macroAccuracy()),
                    Numbers.interval(model.macroAccuracy().wilson()),
                    Numbers.interval(model.macroAccuracy()),
                    Numbers.loss(model.logLoss().mean()),
                    Numbers.loss(model.logLoss().macro()),
                    Numbers.percent(model.calibration().expectedError())));
        }
        table.write(page);
    }

    static void classes(Markup page, Evaluation evaluation) {
        Table table = new Table("Recall, precision and F1 of every class", "Class").column("Clips");
        Set<String> labels = new LinkedHashSet<>();
        for (ModelEvaluation model : evaluation.models()) {
            table.group(model.model(), "Recall", "Precision", "F1");
            model.classes().forEach(score -> labels.add(score.label()));
        }
        for (String label : labels) {
            List<String> row = new ArrayList<>(List.of(label, Numbers.NONE));
            for (ModelEvaluation model : evaluation.models()) {
                ClassScore score = find(model, label);
                if (score == null) {
                    row.addAll(List.of(Numbers.NONE, Numbers.NONE, Numbers.NONE));
                    continue;
                }
                row.set(1, Numbers.count(score.clips()));
                row.add(Numbers.percent(score.recall()));
                row.add(Numbers.percent(score.precision()));
                row.add(Numbers.percent(score.f1()));
            }
            table.row(row);
        }
        table.write(page);
    }

    private static ClassScore find(ModelEvaluation model, String label) {
        return model.classes().stream()
                .filter(score -> score.label().equals(label))
                .findFirst()
                .orElse(null);
    }
}
