package org.earshot.cli.output;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.earshot.evaluation.ClassScore;
import org.earshot.evaluation.ConfusionMatrix;
import org.earshot.evaluation.Estimate;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.GroupScore;
import org.earshot.evaluation.Interval;
import org.earshot.evaluation.LogLoss;
import org.earshot.evaluation.ModelEvaluation;
import org.earshot.evaluation.RobustnessCurve;

/** An evaluation for the eye: a column for each model. */
public final class EvaluationTables {
    private static final double PERCENT = 100;
    private static final String NONE = "-";
    private static final int SHORT = 6;

    private final Evaluation evaluation;
    private final List<ModelEvaluation> models;
    private final StringBuilder text = new StringBuilder();

    private EvaluationTables(Evaluation evaluation) {
        this.evaluation = evaluation;
        models = evaluation.models();
    }

    public static String of(Evaluation evaluation) {
        EvaluationTables tables = new EvaluationTables(evaluation);
        tables.write();
        return tables.text.toString();
    }

    private void write() {
        text.append(Text.visible(evaluation.set()))
                .append(": ")
                .append(evaluation.clips())
                .append(" clips\n\n");
        scores();
        classes();
        groups("city", ModelEvaluation::cities);
        groups("hour", ModelEvaluation::hours);
        for (RobustnessCurve.Change change : RobustnessCurve.Change.values()) {
            curves(change);
        }
        models.forEach(this::confusion);
    }

    private void scores() {
        Layout table = table("percent");
        add(
                table,
                "accuracy (95 % interval)",
                model -> interval(model.accuracy(), model.accuracy().wilson()));
        add(table, "  by bootstrap", model -> interval(model.accuracy()));
        add(
                table,
                "macro accuracy (95 % interval)",
                model -> interval(model.macroAccuracy(), model.macroAccuracy().wilson()));
        add(table, "  by bootstrap", model -> interval(model.macroAccuracy()));
        add(
                table,
                "expected calibration error",
                model -> percent(model.calibration().expectedError()));
        add(table, "log loss, mean / macro (not percent)", model -> loss(model.logLoss()));
        text.append(table);
        String without = models.get(0).classes().stream()
                .filter(row -> row.clips() == 0)
                .map(row -> Text.visible(row.label()))
                .collect(Collectors.joining(", "));
        if (!without.isEmpty()) {
            text.append("without clips, not in the macro accuracy: ")
                    .append(without)
                    .append('\n');
        }
    }

    private void classes() {
        text.append('\n');
        Layout table = table("recall / precision / F1, percent");
        for (int i = 0; i < models.get(0).classes().size(); i++) {
            int label = i;
            ClassScore first = models.get(0).classes().get(label);
            add(table, name(first.label(), first.clips()), model -> {
                ClassScore row = model.classes().get(label);
                return percent(row.recall()) + " / " + percent(row.precision()) + " / " + percent(row.f1());
            });
        }
        text.append(table);
    }

    private void groups(String kind, Function<ModelEvaluation, List<GroupScore>> groups) {
        text.append('\n');
        Layout table = table("accuracy by " + kind + ", percent");
        // Not every model knows the same cities.
        Map<String, GroupScore> all = new LinkedHashMap<>();
        models.forEach(model -> groups.apply(model).forEach(group -> all.putIfAbsent(group.group(), group)));
        for (GroupScore group : all.values()) {
            add(table, name(group.group(), group.clips()), model -> groups.apply(model).stream()
                    .filter(own -> own.group().equals(group.group()))
                    .map(own -> percent(own.accuracy()))
                    .findFirst()
                    .orElse(NONE));
        }
        text.append(table);
    }

    private void curves(RobustnessCurve.Change change) {
        Set<Integer> shares = new LinkedHashSet<>();
        models.forEach(model -> curve(model, change).forEach(point -> shares.add(point.percent())));
        if (shares.isEmpty()) {
            return;
        }
        text.append('\n');
        Layout table = table(
                switch (change) {
                    case SHUFFLED -> "accuracy / macro, contexts permuted among";
                    case UNSEEN_CITY -> "accuracy / macro, unseen cities told to";
                });
        for (int share : shares) {
            add(table, share + " %", model -> curve(model, change).stream()
                    .filter(point -> point.percent() == share)
                    .map(EvaluationTables::point)
                    .findFirst()
                    .orElse(percent(model.accuracy().value()) + " / "
                            + percent(model.macroAccuracy().value())));
        }
        text.append(table);
    }

    private static List<RobustnessCurve.Point> curve(ModelEvaluation model, RobustnessCurve.Change change) {
        return model.curves().stream()
                .filter(curve -> curve.change() == change)
                .flatMap(curve -> curve.points().stream())
                .toList();
    }

    private static String point(RobustnessCurve.Point point) {
        return point.runs() == 1
                ? percent(point.accuracy()) + " / " + percent(point.macroAccuracy())
                : percent(point.accuracy()) + " ± " + percent(point.accuracySpread()) + " / "
                        + percent(point.macroAccuracy()) + " ± " + percent(point.macroAccuracySpread());
    }

    private void confusion(ModelEvaluation model) {
        ConfusionMatrix confusion = model.confusion();
        int size = confusion.labels().size();
        Layout table = Layout.ofNumbers(size);
        List<String> header = new ArrayList<>(List.of("truth \\ answer"));
        // Whole names would make the table too wide to read.
        confusion
                .labels()
                .forEach(label -> header.add(Text.visible(label.substring(0, Math.min(SHORT, label.length())))));
        table.add(header.toArray(String[]::new));
        for (int truth = 0; truth < size; truth++) {
            List<String> row =
                    new ArrayList<>(List.of(Text.visible(confusion.labels().get(truth))));
            confusion.counts().get(truth).forEach(count -> row.add(count == 0 ? "." : count.toString()));
            table.add(row.toArray(String[]::new));
        }
        text.append('\n').append(Text.visible(model.model())).append('\n').append(table);
    }

    private Layout table(String heading) {
        Layout table = Layout.ofNumbers(models.size());
        add(table, heading, model -> Text.visible(model.model()));
        return table;
    }

    private void add(Layout table, String name, Function<ModelEvaluation, String> cell) {
        table.add(IntStream.rangeClosed(0, models.size())
                .mapToObj(i -> i == 0 ? name : cell.apply(models.get(i - 1)))
                .toArray(String[]::new));
    }

    private static String name(String name, int clips) {
        return Text.visible(name) + " (" + clips + ")";
    }

    private static String interval(Estimate estimate, Interval interval) {
        return percent(estimate.value()) + " (" + percent(interval.low()) + " to " + percent(interval.high()) + ")";
    }

    private static String interval(Estimate estimate) {
        return "(" + percent(estimate.low()) + " to " + percent(estimate.high()) + ")";
    }

    private static String loss(LogLoss loss) {
        return String.format(Locale.ROOT, "%.3f / %.3f", loss.mean(), loss.macro());
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? NONE : String.format(Locale.ROOT, "%.1f", PERCENT * share);
    }
}
