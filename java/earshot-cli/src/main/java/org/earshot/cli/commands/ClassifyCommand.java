package org.earshot.cli.commands;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.earshot.LoadOptions;
import org.earshot.SceneClassifier;
import org.earshot.SceneEnsemble;
import org.earshot.audio.Samples;
import org.earshot.cli.input.InputFiles;
import org.earshot.cli.input.Recording;
import org.earshot.cli.options.ClassifierOptions;
import org.earshot.cli.options.ContextOptions;
import org.earshot.cli.options.ModelFiles;
import org.earshot.cli.options.ModelsOption;
import org.earshot.cli.options.SegmentOptions;
import org.earshot.cli.options.StrictOption;
import org.earshot.cli.output.Answer;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.OutputFiles;
import org.earshot.cli.output.PredictionCsv;
import org.earshot.cli.output.PredictionFormat;
import org.earshot.cli.output.PredictionJson;
import org.earshot.cli.output.PredictionTable;
import org.earshot.cli.output.Progress;
import org.earshot.cli.output.SegmentColumns;
import org.earshot.cli.output.SegmentLines;
import org.earshot.cli.output.Text;
import org.earshot.dataset.Metadata;
import org.earshot.error.EarshotException;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.report.RecordingSpectrogram;
import org.earshot.report.ScenePicture;
import org.earshot.report.SceneTimeline;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Tells the scene of recordings. */
@Command(
        name = "classify",
        description = "Tells the scene of recordings.",
        footer = {
            "",
            "A recording longer than the model's clip is classified in windows, whose probabilities are averaged. A"
                    + " file that cannot be read is reported, and the others go on.",
            "",
            "Examples:",
            "  earshot classify street.wav --city \"Xi'an\" --time 2023-06-18T18:44",
            "  earshot classify recordings/ 'more/**/*.flac' --metadata recordings.csv --json",
            "  curl -s https://example.org/street.mp3 | earshot classify -",
            "  earshot classify street.wav --model ascmamba --model se-trans \\",
            "    --model-weights 2,1",
            "  earshot classify journey.wav --segments --format audacity \\",
            "    --output journey.txt --picture journey.png"
        })
final class ClassifyCommand extends Subcommand {
    private static final int DEFAULT_TOP = 3;
    private static final double NANOSECONDS = 1e9;
    private static final Duration SEGMENT_HOP = Duration.ofSeconds(1);

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE|FOLDER|PATTERN",
            description = "Recordings; folders with all recordings in and below them; patterns in quotes; - for the"
                    + " standard input.")
    private List<String> inputs;

    @Mixin
    private ModelsOption models;

    @Mixin
    private ContextOptions context;

    @ArgGroup
    private Form form = new Form();

    /** At most one of these. */
    private static final class Form {
        @Option(
                names = "--json",
                description = "Print JSON: one object a line with file, label, probability, ranking, notes if the"
                        + " recording is damaged, and windows if there is more than one.")
        private boolean json;

        @Option(names = "--csv", description = "Print CSV: file, label, probability, and the runners-up.")
        private boolean csv;
    }

    @Mixin
    private SegmentOptions segments;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Write the answers to a file, whole or not at all, instead of printing them.")
    private Path output;

    @Option(
            names = "--picture",
            paramLabel = "FILE.png|FILE.svg",
            description = "Draw the recording, which is the only one then: its log-mel, below it the scenes that"
                    + " --segments tells, and the time. The ending says what is written.")
    private Path picture;

    @Option(
            names = "--top",
            paramLabel = "N",
            description = "Scenes to print for a recording. Default: " + DEFAULT_TOP + ", in JSON all.")
    private Integer top;

    @Mixin
    private ClassifierOptions options;

    @Option(
            names = "--window-hop",
            paramLabel = "SECONDS",
            description = "Distance between the windows of a long recording. Default: the length of a window; with"
                    + " --segments a second, if that is shorter.")
    private Double windowHop;

    @Mixin
    private StrictOption strict;

    @Option(
            names = {"-q", "--quiet"},
            description = "Do not say which model and backend are used, and show no progress.")
    private boolean quiet;

    @Override
    public Integer call() {
        checkNumbers();
        OutputFiles.check(output);
        OutputFiles.check(picture);
        Optional<Metadata> metadata = context.metadata();
        int[] failures = {0};
        InputFiles search = new InputFiles(
                e -> {
                    report(e);
                    failures[0]++;
                },
                remark -> {
                    if (!quiet) {
                        console().say(remark);
                    }
                });
        List<Path> files = search.find(inputs);
        if (files.indexOf(Recording.STANDARD_INPUT) != files.lastIndexOf(Recording.STANDARD_INPUT)) {
            throw usageError("the standard input (-) can be read only once");
        }
        if (files.isEmpty()) {
            return FAILED;
        }
        if (segments.wanted()) {
            segments.format().requireRoomFor(files);
        }
        List<Path> inputs = new ArrayList<>(files);
        inputs.add(models.file());
        inputs.add(context.file());
        inputs.add(models.keyMap().file());
        inputs.addAll(ModelFiles.of(models.directories()));
        OutputFiles.requireApart(Arrays.asList(output, picture), inputs);
        if (picture != null && files.size() > 1) {
            throw new CommandException("--picture", files.size() + " recordings", "one");
        }
        StringBuilder kept = new StringBuilder();
        try (ModelGroup group = load(files.size());
                Progress progress = Progress.start(console(), files.size(), !quiet)) {
            if (!quiet) {
                console().say(models.words() + ": " + group);
            }
            Classification classification = new Classification(
                    group,
                    metadata,
                    context.common(),
                    format(files, group),
                    (recording, answer) -> {
                        if (picture != null && !drawn(group, recording, answer)) {
                            failures[0]++;
                        }
                    },
                    output == null ? console()::result : kept::append);
            int unanswered = classification.run(files, group.sessions(), console(), this::report, progress::step);
            failures[0] += unanswered;
        }
        if (output != null && !written(kept.toString())) {
            failures[0]++;
        }
        return failures[0] == 0 ? DONE : FAILED;
    }

    /** Writes the answers; where that fails, prints them, as they may be the work of hours. */
    private boolean written(String answers) {
        if (tried(() -> OutputFiles.write(output, file -> file.write(answers.getBytes(StandardCharsets.UTF_8))))) {
            return true;
        }
        console().say("the answers are printed instead");
        console().result(answers);
        return false;
    }

    private boolean isVector() {
        String name = String.valueOf(picture.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".svg") || name.endsWith(".png")) {
            return name.endsWith(".svg");
        }
        throw usageError("--picture: found '" + Text.visible(picture.toString())
                + "'; expected a name that ends with .png or .svg");
    }

    /** Draws the answer, which is given whether that succeeds or not. */
    private boolean drawn(ModelGroup group, Recording recording, Answer answer) {
        try {
            draw(group, recording, answer);
            return true;
        } catch (EarshotException e) {
            report(recording.named(e));
            return false;
        }
    }

    private void draw(ModelGroup group, Recording recording, Answer answer) {
        RecordingSpectrogram spectrogram = RecordingSpectrogram.read(
                recording.file(), group.configs().get(0).features(), strict.limits());
        SceneTimeline timeline =
                new SceneTimeline(spectrogram, group.labels(), answer.scene().segments(segments.segmentation()));
        String title = recording.title();
        if (isVector()) {
            OutputFiles.write(picture, out -> ScenePicture.writeSvg(out, title, timeline));
        } else {
            OutputFiles.write(picture, out -> ScenePicture.writePng(out, title, timeline));
        }
    }

    private void checkNumbers() {
        if (picture != null) {
            isVector();
        }
        if (top != null && top < 1) {
            throw usageError("--top: found " + top + "; expected at least 1");
        }
        segments.check(picture != null);
        if (segments.wanted()) {
            if (form.json || form.csv || top != null) {
                throw usageError("--json, --csv and --top are for single answers; of --segments, --format says how");
            }
        }
        options.threads();
        models.weights();
        // Written so that NaN fails too. A day is far beyond any window.
        if (windowHop != null
                && !(windowHop > 0 && windowHop <= Duration.ofDays(1).toSeconds())) {
            throw usageError("--window-hop: found " + windowHop + "; expected a positive number of seconds");
        }
    }

    private ModelGroup load(int recordings) {
        List<Path> directories = models.directories();
        try {
            if (directories.size() == 1) {
                SceneClassifier.Builder builder = SceneClassifier.builder(directories.get(0))
                        .keyMap(models.keyMap().keyMap());
                if (models.file() != null) {
                    builder.weights(models.file());
                }
                return ModelGroup.of(apply(builder, recordings).load());
            }
            SceneEnsemble.Builder builder = SceneEnsemble.builder();
            for (int i = 0; i < directories.size(); i++) {
                builder.add(directories.get(i), models.weights().get(i));
            }
            return ModelGroup.of(apply(builder, recordings).load());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine(), "--window-hop: " + e.getMessage(), e);
        }
    }

    private <B extends LoadOptions<B>> B apply(B builder, int recordings) {
        options.apply(builder, recordings).audioLimits(strict.limits());
        if (windowHop != null) {
            builder.windowHop(Duration.ofNanos(Math.round(windowHop * NANOSECONDS)));
        } else if (segments.wanted()) {
            builder.windowHop(segmentHop());
        }
        return builder;
    }

    /** A second, or the length of a window if that is shorter. */
    private Duration segmentHop() {
        FeatureParameters features = ModelConfig.read(
                        models.directories().get(0).resolve(ModelDirectory.CONFIG))
                .features();
        Duration window = Samples.duration(features.windowSamples(), features.sampleRate());
        return window.compareTo(SEGMENT_HOP) < 0 ? window : SEGMENT_HOP;
    }

    private PredictionFormat format(List<Path> files, ModelGroup group) {
        List<String> labels = group.labels();
        List<String> names = models.directories().size() == 1 ? List.of() : ModelNames.of(models.directories());
        int scenes = top == null ? DEFAULT_TOP : top;
        if (segments.wanted()) {
            SegmentColumns columns =
                    new SegmentColumns(files, labels, group.configs().get(0).features());
            return new SegmentLines(segments.format(), columns, segments.segmentation());
        }
        if (form.json) {
            return new PredictionJson(top == null ? labels.size() : scenes);
        }
        return form.csv ? new PredictionCsv(labels, scenes, names) : new PredictionTable(files, labels, scenes, names);
    }
}
