package org.earshot.cli.commands;

import static org.earshot.cli.output.Layout.Column.NUMBER;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.earshot.cli.options.CacheOption;
import org.earshot.cli.options.ModelFiles;
import org.earshot.cli.options.SetOptions;
import org.earshot.cli.options.SetReading;
import org.earshot.cli.options.ThreadsOption;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Layout;
import org.earshot.cli.output.OutputFiles;
import org.earshot.cli.output.SetProgress;
import org.earshot.cli.output.Text;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.RecordedFeatures;
import org.earshot.dataset.RecordingFiles;
import org.earshot.evaluation.Quantiles;
import org.earshot.evaluation.SceneDistribution;
import org.earshot.evaluation.ValidationSplit;
import org.earshot.evaluation.ValidationSplitCsv;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.report.HtmlReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Splits a validation set into an easy and a hard part. */
@Command(
        name = "split",
        description = "Splits a set into Valid-Easy and Valid-Hard, by how much its recordings sound like those of an"
                + " evaluation set.",
        footer = {
            "",
            "A recording is compared by mean and standard deviation of each mel band over its frames, in dB, with the"
                    + " mean of the evaluation set's; above the threshold of the cosine similarity it is hard. Levels in"
                    + " dB are mostly negative and alike, so the similarities lie close to 1: their quantiles are printed"
                    + " to choose a threshold by.",
            "",
            "Example:",
            "  earshot split --metadata valid.csv --audio valid --evaluation-audio eval \\",
            "    --easy easy.csv --hard hard.csv"
        })
final class SplitCommand extends Subcommand {
    private static final double[] SHARES = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
    private static final double PERCENT = 100;

    @Mixin
    private SetOptions set;

    @Option(
            names = "--evaluation-audio",
            required = true,
            paramLabel = "DIR",
            description = "Folder with the recordings of the evaluation set.")
    private Path evaluationAudio;

    @Option(
            names = "--evaluation-metadata",
            paramLabel = "CSV",
            description = "Which recordings of that folder are the evaluation set. Default: all.")
    private Path evaluationMetadata;

    @Option(
            names = "--threshold",
            paramLabel = "S",
            defaultValue = "" + ValidationSplit.PAPER_THRESHOLD,
            description = "Similarity above which a recording is hard. Default: ${DEFAULT-VALUE}, the paper's.")
    private double threshold;

    @Option(names = "--easy", required = true, paramLabel = "CSV", description = "File to write Valid-Easy to.")
    private Path easy;

    @Option(names = "--hard", required = true, paramLabel = "CSV", description = "File to write Valid-Hard to.")
    private Path hard;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Take the feature parameters of this model. Default: those of the challenge's baseline.")
    private Path model;

    @Mixin
    private CacheOption cache;

    @Mixin
    private SetReading reading;

    @Option(
            names = "--report",
            paramLabel = "FILE.html",
            description = "Write a page with the scenes of both parts by city and time.")
    private Path report;

    @Mixin
    private ThreadsOption threads;

    @Override
    public Integer call() {
        if (!(threshold >= -1 && threshold <= 1)) {
            throw usageError("--threshold: found " + threshold + "; expected a number from -1 to 1");
        }
        threads.threads();
        OutputFiles.check(easy);
        OutputFiles.check(hard);
        OutputFiles.check(report);
        List<Path> inputs = new ArrayList<>(ModelFiles.of(Collections.singletonList(model)));
        inputs.addAll(Arrays.asList(set.metadata(), evaluationMetadata));
        OutputFiles.requireApart(Arrays.asList(easy, hard, report, cache.file().orElse(null)), inputs);
        Optional<ModelConfig> config =
                Optional.ofNullable(model).map(directory -> ModelConfig.read(directory.resolve(ModelDirectory.CONFIG)));
        FeatureParameters parameters = config.map(ModelConfig::features).orElseGet(FeatureParameters::baseline);
        Dataset clips = set.read();
        SetOptions.warnOfUnknownCities(console(), clips, config.stream().toList());
        boolean written;
        try (FeatureSource evaluation = evaluation(parameters)) {
            written = split(clips, parameters, evaluation);
        }
        return written ? reading.code() : FAILED;
    }

    private boolean split(Dataset clips, FeatureParameters parameters, FeatureSource evaluation) {
        if (cache.file().isEmpty()) {
            try (FeatureSource recorded = reading.recorded(clips, parameters)) {
                return split(clips, recorded, evaluation);
            } finally {
                reading.list(console(), evaluation.size() + clips.clips().size());
            }
        }
        try (FeatureCache features =
                reading.cached(console(), clips, parameters, cache.file().get(), threads.threads())) {
            return split(features.set(), features, evaluation);
        } finally {
            reading.list(console(), evaluation.size() + clips.clips().size());
        }
    }

    /** Compares, writes and prints; false if something cannot be written. */
    private boolean split(Dataset clips, FeatureSource features, FeatureSource evaluation) {
        ValidationSplit split;
        try (SetProgress progress = new SetProgress(console(), "spectra")) {
            split = ValidationSplit.of(features, evaluation, threshold, threads.threads(), progress, reading::accept);
        }
        List<String> labels = clips.clips().stream()
                .flatMap(clip -> clip.label().stream())
                .distinct()
                .sorted()
                .toList();
        Map<String, SceneDistribution> parts = new LinkedHashMap<>();
        parts.put("Valid-Easy", distribution(labels, clips, split.easy()));
        parts.put("Valid-Hard", distribution(labels, clips, split.hard()));
        boolean written = tried(() -> ValidationSplitCsv.write(easy, clips, split, split.easy()));
        written &= tried(() -> ValidationSplitCsv.write(hard, clips, split, split.hard()));
        if (report != null) {
            written &= tried(
                    () -> HtmlReport.write(report, String.valueOf(clips.source().getFileName()), parts));
        }
        console().result(summary(split));
        parts.forEach((name, distribution) -> console().result(tables(name, distribution)));
        return written;
    }

    private FeatureSource evaluation(FeatureParameters parameters) {
        if (evaluationMetadata != null) {
            return reading.recorded(Dataset.open(evaluationMetadata, evaluationAudio), parameters);
        }
        if (!Files.isDirectory(evaluationAudio)) {
            throw new CommandException(evaluationAudio, "no such folder", "a folder of audio");
        }
        RecordingFiles found = RecordingFiles.in(evaluationAudio);
        // A folder that cannot be read may hold any number of recordings: part of a set is another set.
        found.problems().stream().findFirst().ifPresent(problem -> {
            throw problem;
        });
        found.leftOut().ifPresent(kinds -> console().say(evaluationAudio + ": " + kinds));
        List<Path> recordings = found.recordings();
        if (recordings.isEmpty()) {
            throw new CommandException(evaluationAudio, "no recording in this folder", "at least one");
        }
        return new RecordedFeatures(recordings, parameters, reading.limits());
    }

    private static SceneDistribution distribution(List<String> labels, Dataset clips, List<Integer> part) {
        return SceneDistribution.of(
                labels, part.stream().map(clips.clips()::get).toList());
    }

    private static String summary(ValidationSplit split) {
        double[] sorted = split.similarities().values().stream()
                .mapToDouble(Double::doubleValue)
                .sorted()
                .toArray();
        Layout table = new Layout(NUMBER, NUMBER);
        table.add("clips", "similarity up to");
        for (double share : SHARES) {
            table.add(
                    String.format(Locale.ROOT, "%.0f %%", PERCENT * share),
                    String.format(Locale.ROOT, "%.6f", Quantiles.of(sorted, share)));
        }
        return String.format(
                        Locale.ROOT,
                        "%d clips: %d easy, %d hard (above %s)%n%n",
                        sorted.length,
                        split.easy().size(),
                        split.hard().size(),
                        split.threshold())
                + table;
    }

    private static String tables(String name, SceneDistribution distribution) {
        List<String> hours = IntStream.range(
                        0,
                        distribution.byHour().isEmpty()
                                ? 0
                                : distribution.byHour().get(0).size())
                .mapToObj(hour -> String.format(Locale.ROOT, "%02d", hour))
                .toList();
        return "\n" + table(name + ", city", distribution.labels(), distribution.cities(), distribution.byCity()) + "\n"
                + table(name + ", hour", distribution.labels(), hours, distribution.byHour());
    }

    /** A row for each city or hour, a column for each scene: scenes are few, cities may be many. */
    private static Layout table(String heading, List<String> labels, List<String> groups, List<List<Integer>> counts) {
        Layout table = Layout.ofNumbers(labels.size());
        List<String> header = new ArrayList<>(List.of(heading));
        labels.forEach(label -> header.add(Text.visible(label)));
        table.add(header.toArray(String[]::new));
        for (int i = 0; i < groups.size(); i++) {
            int group = i;
            List<String> row = new ArrayList<>(List.of(Text.visible(groups.get(group))));
            counts.forEach(label -> row.add(label.get(group) == 0 ? "." : Integer.toString(label.get(group))));
            table.add(row.toArray(String[]::new));
        }
        return table;
    }
}
