package org.earshot.cli.commands;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.earshot.SceneClassifier;
import org.earshot.cli.options.CacheOption;
import org.earshot.cli.options.ClassifierOptions;
import org.earshot.cli.options.ModelFiles;
import org.earshot.cli.options.SetOptions;
import org.earshot.cli.options.SetReading;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Layout;
import org.earshot.cli.output.OutputFiles;
import org.earshot.cli.output.SetProgress;
import org.earshot.cli.output.Text;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.dataset.FeatureSource;
import org.earshot.features.FeatureParameters;
import org.earshot.labelling.LabellingModel;
import org.earshot.labelling.LabellingRule;
import org.earshot.labelling.LabellingSummary;
import org.earshot.labelling.LabellingSummary.ClassCount;
import org.earshot.labelling.PseudoLabelling;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Labels recordings that have no label. */
@Command(
        name = "pseudo-label",
        description = "Labels the recordings of a set that have no label, for a training that follows.",
        footer = {
            "",
            "With two models: the first one's surest answers, a share of all, become labels (step 1); of the rest,"
                    + " those that the second model agrees with (step 2); the others are left out. With one model:"
                    + " its answers, all of them or the surest. The share is rounded to the nearest whole number of"
                    + " clips, a half up; equally sure clips are taken in the order of their names.",
            "",
            "Rows that have a label are left alone and are not in the output. Its columns are filename, location,"
                    + " record_time, scene_label, confidence, step, first_label and second_label; with --soft also"
                    + " p:LABEL for each class, the first model's probabilities.",
            "",
            "An interrupted run leaves its scores in OUTPUT.part; the same command goes on with them.",
            "",
            "Example:",
            "  earshot pseudo-label --first ascmamba --second se-trans \\",
            "    --metadata cas.csv --audio recordings \\",
            "    --cache features.safetensors --output labels.csv"
        })
final class PseudoLabelCommand extends Subcommand {
    @Option(names = "--first", required = true, paramLabel = "DIR", description = "Model whose answers become labels.")
    private Path first;

    @Option(
            names = "--second",
            paramLabel = "DIR",
            description = "Model that is asked where the first is not sure; with the same labels and features.")
    private Path second;

    @Mixin
    private SetOptions set;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "CSV",
            description = "File to write.")
    private Path output;

    @Option(names = "--force", description = "Replace the output if it exists.")
    private boolean force;

    @Option(
            names = "--share",
            paramLabel = "S",
            description = "Share of the clips that step 1 keeps. Default: " + LabellingRule.PAPER_SHARE
                    + ", with one model 1.")
    private Double share;

    @Option(
            names = "--min-confidence",
            paramLabel = "P",
            defaultValue = "0",
            description = "Least probability of an answer that step 1 keeps. Default: ${DEFAULT-VALUE}.")
    private double minimumConfidence;

    @Option(names = "--soft", description = "Write the first model's probabilities of all classes too.")
    private boolean soft;

    @Mixin
    private CacheOption cache;

    @Mixin
    private SetReading reading;

    @Mixin
    private ClassifierOptions options;

    @Override
    public Integer call() {
        LabellingRule rule = rule();
        options.threads();
        checkOutput();
        Dataset clips = set.read().unlabelled();
        boolean written;
        try (SceneClassifier one = load(first, clips);
                SceneClassifier two = second == null ? null : load(second, clips)) {
            // What is wrong with models or cities is found before the features are computed.
            PseudoLabelling labelling = labelling(clips, one, two, rule);
            SetOptions.warnOfUnknownCities(
                    console(), clips, two == null ? List.of(one.config()) : List.of(one.config(), two.config()));
            FeatureParameters parameters = one.config().features();
            if (cache.file().isEmpty()) {
                try (FeatureSource recorded = reading.recorded(clips, parameters)) {
                    written = label(labelling, recorded, clips);
                }
            } else {
                try (FeatureCache features = reading.cached(
                        console(), clips, parameters, cache.file().get(), options.threads())) {
                    written = label(labelling(features.set(), one, two, rule), features, clips);
                }
            }
        } finally {
            reading.list(console(), clips.clips().size());
        }
        return written ? reading.code() : FAILED;
    }

    private PseudoLabelling labelling(Dataset clips, SceneClassifier one, SceneClassifier two, LabellingRule rule) {
        return new PseudoLabelling(
                clips,
                new LabellingModel(first, one),
                Optional.ofNullable(two).map(classifier -> new LabellingModel(second, classifier)),
                rule,
                soft);
    }

    private LabellingRule rule() {
        try {
            return LabellingRule.of(second != null, share, minimumConfidence);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine(), e.getMessage(), e);
        }
    }

    private void checkOutput() {
        OutputFiles.check(output);
        List<Path> inputs = new ArrayList<>(ModelFiles.of(Arrays.asList(first, second)));
        inputs.add(set.metadata());
        OutputFiles.requireApart(Arrays.asList(output, cache.file().orElse(null)), inputs);
        if (Files.exists(output) && !force) {
            throw new CommandException(output, "a file that exists", "a new one, or --force to replace it");
        }
    }

    private SceneClassifier load(Path directory, Dataset clips) {
        SceneClassifier classifier = options.apply(
                        SceneClassifier.builder(directory), clips.clips().size())
                .load();
        console().say("model " + directory + ": " + classifier);
        return classifier;
    }

    /** Scores, writes and prints; false if the labels cannot be written. */
    private boolean label(PseudoLabelling labelling, FeatureSource features, Dataset clips) {
        PseudoLabelling.Labelling labels;
        try (SetProgress progress = new SetProgress(console(), "scores")) {
            labels = labelling.label(features, output, progress, reading);
        }
        boolean written = tried(labels::write);
        console().result(table(labels.summary(), clips.clips().size()));
        return written;
    }

    private static String table(LabellingSummary summary, int clips) {
        Layout table = new Layout(TEXT, NUMBER, NUMBER, NUMBER);
        table.add("label", "step 1", "step 2", "left out");
        summary.classes().forEach(row -> addRow(table, row));
        ClassCount total = summary.total();
        addRow(table, total);
        return table + String.format(Locale.ROOT, "%n%d of %d clips labelled%n", total.first() + total.second(), clips);
    }

    private static void addRow(Layout table, ClassCount row) {
        table.add(
                Text.visible(row.label()),
                Integer.toString(row.first()),
                Integer.toString(row.second()),
                Integer.toString(row.dropped()));
    }
}
