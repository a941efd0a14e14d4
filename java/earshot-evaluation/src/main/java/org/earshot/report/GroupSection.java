package org.earshot.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.GroupScore;
import org.earshot.evaluation.ModelEvaluation;

/** Accuracy in the parts of the set: by city or by hour. */
final class GroupSection {
    private GroupSection() {}

    /**
     * @param kind what the parts are: city, hour
     * @param groups a model's parts
     */
    static void write(
            Markup page, Evaluation evaluation, String kind, Function<ModelEvaluation, List<GroupScore>> groups) {
        page.open("div", "class", "charts");
        for (ModelEvaluation model : evaluation.models()) {
            page.open("figure").leaf("figcaption", model.model());
            if (groups.apply(model).isEmpty()) {
                page.leaf("p", "No " + kind + " is known.");
            } else {
                String title = "Accuracy of " + model.model() + " by " + kind;
                new BarChart(title, groups.apply(model), model.accuracy().value()).write(page);
            }
            page.close();
        }
        page.close();
        table(evaluation, kind, groups).writeFolded(page);
    }

    private static Table table(Evaluation evaluation, String kind, Function<ModelEvaluation, List<GroupScore>> groups) {
        Table table = new Table(
                        "Accuracy by " + kind, kind.substring(0, 1).toUpperCase(Locale.ROOT) + kind.substring(1))
                .column("Clips");
        evaluation.models().forEach(model -> table.column(model.model()));
        Map<String, List<String>> rows = new LinkedHashMap<>();
        int column = 0;
        for (ModelEvaluation model : evaluation.models()) {
            for (GroupScore group : groups.apply(model)) {
                List<String> row = rows.computeIfAbsent(group.group(), name -> emptyRow(evaluation, group));
                row.set(2 + column, Numbers.percent(BarChart.share(group)));
            }
            column++;
        }
        rows.values().forEach(table::row);
        return table;
    }

    private static List<String> emptyRow(Evaluation evaluation, GroupScore group) {
        List<String> row = new ArrayList<>(List.of(group.group(), Numbers.count(group.clips())));
        evaluation.models().forEach(model -> row.add(Numbers.NONE));
        return row;
    }
}
