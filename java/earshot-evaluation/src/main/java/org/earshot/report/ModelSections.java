package org.earshot.report;

import java.util.List;
import org.earshot.evaluation.Calibration;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.ModelEvaluation;

/** What is drawn once for each model: its confusions and its calibration. */
final class ModelSections {
    private ModelSections() {}

    static void confusion(Markup page, Evaluation evaluation) {
        page.leaf("p", "A row for each true class; the shade is the share of the row.");
        page.open("div", "class", "charts");
        for (ModelEvaluation model : evaluation.models()) {
            page.open("figure").leaf("figcaption", model.model());
            HeatMap map = new HeatMap(
                    "Answers of " + model.model() + " by true class",
                    "truth",
                    "answer",
                    model.confusion().labels(),
                    model.confusion().labels(),
                    model.confusion().counts(),
                    HeatMap.Shading.ROW);
            map.write(page);
            map.writeTable(page);
            page.close();
        }
        page.close();
    }

    static void calibration(Markup page, Evaluation evaluation) {
        page.leaf(
                "p",
                "Bars on the dashed line: the probabilities can be taken at their word. Below it, the model is too sure.");
        page.open("div", "class", "charts");
        for (ModelEvaluation model : evaluation.models()) {
            Calibration calibration = model.calibration();
            String error = "Expected calibration error " + Numbers.percent(calibration.expectedError());
            page.open("figure")
                    .open("figcaption")
                    .name(model.model())
                    .leaf("span", error, "class", "note")
                    .close();
            new ReliabilityChart("Reliability of " + model.model(), calibration).write(page);
            Table table = new Table("Reliability of " + model.model(), "Probability")
                    .column("Clips")
                    .column("Mean probability")
                    .column("Accuracy");
            for (Calibration.Bin bin : calibration.bins()) {
                table.row(List.of(
                        Plot.percent(bin.low()) + " to " + Numbers.percent(bin.high()),
                        Numbers.count(bin.clips()),
                        Numbers.percent(bin.confidence()),
                        Numbers.percent(bin.accuracy())));
            }
            table.writeFolded(page);
            page.close();
        }
        page.close();
    }
}
