package org.earshot.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.earshot.evaluation.Estimate;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.ModelEvaluation;
import org.earshot.evaluation.RobustnessCurve;
import org.earshot.evaluation.RobustnessCurve.Change;
import org.earshot.evaluation.RobustnessCurve.Point;

/** How accuracy falls while more and more clips are told a wrong context (ASCMamba paper, section 4.1). */
final class RobustnessSection {
    /** One of the two figures that are drawn. */
    private record Figure(
            String name,
            ToDoubleFunction<Point> mean,
            ToDoubleFunction<Point> spread,
            java.util.function.Function<ModelEvaluation, Estimate> untouched) {}

    private static final List<Figure> FIGURES = List.of(
            new Figure("Accuracy", Point::accuracy, Point::accuracySpread, ModelEvaluation::accuracy),
            new Figure(
                    "Macro accuracy",
                    Point::macroAccuracy,
                    Point::macroAccuracySpread,
                    ModelEvaluation::macroAccuracy));

    private RobustnessSection() {}

    static boolean present(Evaluation evaluation) {
        return evaluation.models().stream().anyMatch(model -> !model.curves().isEmpty());
    }

    static void write(Markup page, Evaluation evaluation) {
        for (Change change : Change.values()) {
            if (evaluation.models().stream()
                    .noneMatch(model -> curve(model, change).isPresent())) {
                continue;
            }
            page.leaf("h3", name(change)).leaf("p", explanation(change));
            page.open("div", "class", "charts");
            for (Figure figure : FIGURES) {
                page.open("figure").leaf("figcaption", figure.name);
                new CurveChart(
                                figure.name + ", " + name(change),
                                figure.name.toLowerCase(java.util.Locale.ROOT),
                                lines(evaluation, change, figure))
                        .write(page);
                page.close();
            }
            page.close();
            table(evaluation, change).writeFolded(page);
        }
    }

    private static List<CurveChart.Line> lines(Evaluation evaluation, Change change, Figure figure) {
        List<CurveChart.Line> lines = new ArrayList<>();
        for (ModelEvaluation model : evaluation.models()) {
            Optional<RobustnessCurve> curve = curve(model, change);
            if (curve.isPresent()) {
                List<CurveChart.Point> points = curve.get().points().stream()
                        .map(point -> new CurveChart.Point(
                                point.percent(), figure.mean.applyAsDouble(point), figure.spread.applyAsDouble(point)))
                        .toList();
                lines.add(new CurveChart.Line(model.model(), true, points));
            } else if (model.curves().isEmpty()) {
                double level = figure.untouched.apply(model).value();
                lines.add(new CurveChart.Line(model.model(), false, List.of(new CurveChart.Point(0, level, 0))));
            }
        }
        return lines;
    }

    private static Table table(Evaluation evaluation, Change change) {
        Table table = new Table(name(change) + ": mean ± standard deviation", "Clips changed");
        Map<Integer, List<String>> rows = new TreeMap<>();
        int width = 1;
        for (ModelEvaluation model : evaluation.models()) {
            Optional<RobustnessCurve> curve = curve(model, change);
            if (curve.isEmpty()) {
                continue;
            }
            table.group(model.model(), "Accuracy", "Macro accuracy", "Draws");
            for (Point point : curve.get().points()) {
                List<String> row =
                        rows.computeIfAbsent(point.percent(), percent -> new ArrayList<>(List.of(percent + "\u00A0%")));
                pad(row, width);
                row.add(Numbers.spread(point.accuracy(), point.accuracySpread()));
                row.add(Numbers.spread(point.macroAccuracy(), point.macroAccuracySpread()));
                row.add(Numbers.count(point.runs()));
            }
            width += 3;
        }
        for (List<String> row : rows.values()) {
            pad(row, width);
            table.row(row);
        }
        return table;
    }

    private static void pad(List<String> row, int width) {
        while (row.size() < width) {
            row.add(Numbers.NONE);
        }
    }

    private static Optional<RobustnessCurve> curve(ModelEvaluation model, Change change) {
        return model.curves().stream().filter(curve -> curve.change() == change).findFirst();
    }

    private static String name(Change change) {
        return switch (change) {
            case SHUFFLED -> "Shuffled city and time";
            case UNSEEN_CITY -> "Unseen city";
        };
    }

    private static String explanation(Change change) {
        return switch (change) {
            case SHUFFLED -> "Some of the clips are told the city and time of others of them.";
            case UNSEEN_CITY -> "Some of the clips are told a city that training never met.";
        };
    }
}
