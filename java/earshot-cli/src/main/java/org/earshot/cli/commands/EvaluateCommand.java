package org.earshot.cli.commands;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.SceneClassifier;
import org.earshot.cli.options.CacheOption;
import org.earshot.cli.options.ClassifierOptions;
import org.earshot.cli.options.ModelFiles;
import org.earshot.cli.options.SetOptions;
import org.earshot.cli.options.SetReading;
import org.earshot.cli.output.EvaluationTables;
import org.earshot.cli.output.OutputFiles;
import org.earshot.cli.output.SetProgress;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.dataset.FeatureSource;
import org.earshot.evaluation.ContextShift;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.EvaluationJson;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.evaluation.Evaluator;
import org.earshot.evaluation.ModelEvaluation;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.report.HtmlReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures models on labelled recordings. */
@Command(
        name = "evaluate",
        description = "Measures how good one or several models are on the labelled recordings of a set.",
        footer = {
            "",
            "Rows without a label are left out. All models need the same labels, in any order, and the same feature"
                    + " parameters: evaluate others apart. Of a recording longer than a clip, the first clip is taken."
                    + " Without --cache the features are kept in memory.",
            "",
            "A share of x %% of the set is rounded to the nearest whole number of clips, a half up; a permutation of"
                    + " one clip changes nothing. A model without context is not run again for the curves.",
            "",
            "Example:",
            "  earshot evaluate ascmamba ascmamba-without-context --metadata valid.csv \\",
            "    --audio recordings --cache features.safetensors \\",
            "    --metadata-shuffle 5,10,20,50,70,100 --report report.html"
        })
final class EvaluateCommand extends Subcommand {
    private static final String STANDARD_OUTPUT = "-";

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "Model directories.")
    private List<Path> models;

    @Mixin
    private SetOptions set;

    @Mixin
    private CacheOption cache;

    @Option(
            names = "--metadata-shuffle",
            paramLabel = "X,...",
            split = ",",
            description = "Also measure with city and time permuted among X percent of the clips.")
    private List<Integer> shuffled = List.of();

    @Option(
            names = "--unseen-cities",
            description = "Also measure with the cities of such shares drawn from those of --cities; of 5, 10, 20, 50,"
                    + " 70 and 100 percent if --metadata-shuffle gives none.")
    private boolean unseen;

    @Option(
            names = "--cities",
            paramLabel = "CITY,...",
            split = ",",
            description = "Cities for --unseen-cities. Default: Nanchang, Shenyang, Guangzhou, Changchun, Tianjin,"
                    + " Taiyuan.")
    private List<String> cities = EvaluationOptions.UNSEEN_CITIES;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "5",
            description = "Draws for each share, of which mean and standard deviation are given. Default:"
                    + " ${DEFAULT-VALUE}.")
    private int repeats;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of all that is random. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--bins",
            paramLabel = "N",
            defaultValue = "15",
            description = "Bins of the calibration. Default: ${DEFAULT-VALUE}.")
    private int bins;

    @Option(
            names = "--bootstrap",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Draws for the 95 %% confidence intervals. Default: ${DEFAULT-VALUE}.")
    private int draws;

    @Option(
            names = "--mistakes",
            paramLabel = "N",
            defaultValue = "20",
            description = "Worst mistakes of each model to give. Default: ${DEFAULT-VALUE}.")
    private int mistakes;

    @Option(
            names = "--json",
            paramLabel = "FILE|-",
            description = "Write everything as JSON; to the standard output, in place of the tables, with -.")
    private String json;

    @Option(names = "--report", paramLabel = "FILE.html", description = "Write a page with tables and charts.")
    private Path report;

    @Mixin
    private SetReading reading;

    @Mixin
    private ClassifierOptions options;

    @Override
    public Integer call() {
        EvaluationOptions measured = measured();
        options.threads();
        if (json != null && json.isEmpty()) {
            throw usageError("--json: found an empty name; expected a file or folder, or -");
        }
        OutputFiles.check(report);
        OutputFiles.check(jsonFile());
        List<Path> inputs = new ArrayList<>(ModelFiles.of(models));
        inputs.add(set.metadata());
        OutputFiles.requireApart(Arrays.asList(report, jsonFile(), cache.file().orElse(null)), inputs);
        List<ModelConfig> configs = models.stream()
                .map(model -> ModelConfig.read(model.resolve(ModelDirectory.CONFIG)))
                .toList();
        Evaluator.requireComparable(configs, measured);
        List<String> labels = configs.get(0).labels();
        Dataset clips = set.read().labelled(labels, Dataset.Unlabelled.LEFT_OUT);
        configs.forEach(clips::requireCities);
        SetOptions.warnOfUnknownCities(console(), clips, configs);
        FeatureParameters parameters = configs.get(0).features();
        List<SceneClassifier> classifiers = new ArrayList<>();
        boolean written;
        try {
            for (Path model : models) {
                classifiers.add(options.apply(
                                SceneClassifier.builder(model), clips.clips().size())
                        .load());
                console().say("model " + model + ": " + classifiers.get(classifiers.size() - 1));
            }
            try (FeatureCache features = features(clips, parameters)) {
                Evaluator evaluator = new Evaluator(features.set(), labels, measured);
                List<ModelEvaluation> evaluations = new ArrayList<>();
                List<String> names = ModelNames.of(models);
                for (int i = 0; i < classifiers.size(); i++) {
                    evaluations.add(evaluate(evaluator, names.get(i), classifiers.get(i), features));
                }
                written = write(evaluator.together(evaluations), measured, features, classifiers);
            }
        } finally {
            classifiers.forEach(SceneClassifier::close);
            reading.list(console(), clips.clips().size());
        }
        return written ? reading.code() : FAILED;
    }

    private EvaluationOptions measured() {
        List<Integer> shares = shuffled.stream().sorted().toList();
        List<Integer> ofUnseen = shares.isEmpty() ? EvaluationOptions.SHARES : shares;
        try {
            return new EvaluationOptions(
                    bins, draws, mistakes, seed, shares, unseen ? ofUnseen : List.of(), cities, repeats);
        } catch (IllegalArgumentException e) {
            throw usageError(e.getMessage());
        }
    }

    private Path jsonFile() {
        return json == null || json.equals(STANDARD_OUTPUT) ? null : Path.of(json);
    }

    private FeatureCache features(Dataset clips, FeatureParameters parameters) {
        return cache.file()
                .map(file -> reading.cached(console(), clips, parameters, file, options.threads()))
                .orElseGet(() -> reading.inMemory(console(), clips, parameters, options.threads()));
    }

    private ModelEvaluation evaluate(
            Evaluator evaluator, String model, SceneClassifier classifier, FeatureSource features) {
        try (SetProgress scores = new SetProgress(console(), "scores");
                SetProgress curves = new SetProgress(console(), "curves")) {
            return evaluator.evaluate(model, classifier, features, scores, curves);
        }
    }

    /** Writes and prints what was asked for; what cannot be written keeps nothing else from it. */
    private boolean write(
            Evaluation evaluation,
            EvaluationOptions measured,
            FeatureCache features,
            List<SceneClassifier> classifiers) {
        byte[] text = json == null ? new byte[0] : json(evaluation);
        boolean written = true;
        if (report != null) {
            written = tried(() -> HtmlReport.write(
                    report,
                    evaluation,
                    new CachedSpectrograms(features),
                    new LongRecordings(features, classifiers, console())));
        }
        if (jsonFile() != null) {
            written &= tried(() -> OutputFiles.write(jsonFile(), out -> out.write(text)));
        }
        if (STANDARD_OUTPUT.equals(json)) {
            console().result(new String(text, StandardCharsets.UTF_8));
        } else {
            console().result(EvaluationTables.of(evaluation));
        }
        measured.shuffled().stream()
                .filter(percent -> ContextShift.clips(evaluation.clips(), percent) < 2)
                .forEach(percent -> console()
                        .say("--metadata-shuffle " + percent + ": of " + evaluation.clips()
                                + " clips that is " + ContextShift.clips(evaluation.clips(), percent)
                                + ", among which nothing can be permuted: the untouched set"));
        return written;
    }

    private static byte[] json(Evaluation evaluation) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            EvaluationJson.write(evaluation, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Memory throws none.
        }
        return bytes.toByteArray();
    }
}
