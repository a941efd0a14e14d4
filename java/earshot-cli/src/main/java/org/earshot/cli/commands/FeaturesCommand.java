package org.earshot.cli.commands;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.earshot.audio.AudioLimits;
import org.earshot.cli.input.Recording;
import org.earshot.cli.options.ModelFiles;
import org.earshot.cli.options.ModelOption;
import org.earshot.cli.options.SetOptions;
import org.earshot.cli.options.SetReading;
import org.earshot.cli.options.ThreadsOption;
import org.earshot.cli.output.NumpyFile;
import org.earshot.cli.output.OutputFiles;
import org.earshot.cli.output.Text;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.dataset.RecordedFeatures;
import org.earshot.error.EarshotException;
import org.earshot.features.FeatureParameters;
import org.earshot.files.AtomicFile;
import org.earshot.layer.Shape;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.report.FeaturePicture;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the features of a recording, or of a set. */
@Command(
        name = "features",
        description = "Writes the log-mel features of a recording, or of a set, as the network sees them.",
        footer = {
            "",
            "Of a recording longer than the model's clip, the first clip is taken. Values are dB, [frames, mel bands],"
                    + " float32; in a safetensors file the tensor is named 'features'. In the picture, time goes to"
                    + " the right and low frequencies are at the bottom.",
            "",
            "A set's cache holds 'features' [clips, frames, mel bands], 'frames' [clips], and the clips' names in its"
                    + " metadata. Run again, the command computes only what is new or changed; an interrupted run"
                    + " is gone on with.",
            "",
            "Examples:",
            "  earshot features street.wav --output street.png",
            "  earshot features --metadata cas.csv --audio recordings \\",
            "    --cache features.safetensors"
        })
final class FeaturesCommand extends Subcommand {
    private static final String TENSOR = "features";

    @ArgGroup(multiplicity = "1")
    private Task task;

    /** One of these. */
    private static final class Task {
        @ArgGroup(exclusive = false, multiplicity = "1")
        private OneRecording one;

        @ArgGroup(exclusive = false, multiplicity = "1")
        private WholeSet set;
    }

    /** A recording and what to make of it. */
    private static final class OneRecording {
        @Parameters(paramLabel = "FILE", description = "The recording; - for the standard input.")
        private Path recording;

        @Option(
                names = {"-o", "--output"},
                required = true,
                paramLabel = "X.npy|X.safetensors|X.png",
                description = "File to write; its ending says what.")
        private Path output;
    }

    /** A set and its cache. */
    private static final class WholeSet extends SetOptions {
        @Option(
                names = "--cache",
                required = true,
                paramLabel = "X.safetensors",
                description = "File that keeps the set's features.")
        private Path cache;
    }

    @Mixin
    private ThreadsOption threads;

    @Mixin
    private SetReading reading;

    @Mixin
    private ModelOption model;

    /** Values {@code [frames, bands]}, dB. */
    private static final class Features {
        private final float[] values;
        private final int frames;
        private final int bands;

        Features(float[] values, int frames, int bands) {
            this.values = values;
            this.frames = frames;
            this.bands = bands;
        }
    }

    /** One kind of output. */
    @FunctionalInterface
    private interface Writer {
        void write(Path file, Features features) throws IOException;
    }

    private static final Map<String, Writer> WRITERS = Map.of(
            ".npy",
            (file, features) -> AtomicFile.write(
                    file, out -> NumpyFile.write(out, features.values, features.frames, features.bands)),
            ".safetensors",
            (file, features) -> Safetensors.write(
                    file, Map.of(TENSOR, WeightTensor.of(Shape.of(features.frames, features.bands), features.values))),
            ".png",
            (file, features) -> AtomicFile.write(
                    file, out -> FeaturePicture.write(out, features.values, features.frames, features.bands)));

    @Override
    public Integer call() {
        threads.threads();
        Path config = model.directory().resolve(ModelDirectory.CONFIG);
        return task.one == null ? cache(config) : write(config, task.one);
    }

    private int cache(Path config) {
        OutputFiles.requireApart(List.of(task.set.cache), read(task.set.metadata()));
        Dataset clips = task.set.read();
        FeatureParameters parameters = ModelConfig.read(config).features();
        try (FeatureCache features = reading.cached(console(), clips, parameters, task.set.cache, threads.threads())) {
            console().result(features.size() + " clips, of which " + features.computed() + " were computed\n");
        } finally {
            reading.list(console(), clips.clips().size());
        }
        return reading.code();
    }

    private int write(Path config, OneRecording one) {
        Writer writer = writer(one.output);
        OutputFiles.check(one.output);
        OutputFiles.requireApart(List.of(one.output), read(one.recording));
        Features features = compute(one.recording, ModelConfig.read(config).features(), reading.limits());
        try {
            writer.write(one.output, features);
        } catch (IOException e) {
            throw OutputFiles.unwritable(one.output, e);
        }
        return DONE;
    }

    private List<Path> read(Path input) {
        List<Path> all = new ArrayList<>(ModelFiles.of(List.of(model.directory())));
        all.add(input);
        return all;
    }

    private Writer writer(Path output) {
        String name = output.getFileName() == null
                ? ""
                : output.getFileName().toString().toLowerCase(Locale.ROOT);
        return WRITERS.entrySet().stream()
                .filter(writer -> name.endsWith(writer.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> usageError("--output: found '" + Text.visible(output.toString())
                        + "'; expected a name that ends with .npy, .safetensors or .png"));
    }

    /** The first window that a classifier would see. */
    private static Features compute(Path name, FeatureParameters parameters, AudioLimits limits) {
        float[] values = new float[parameters.frames() * parameters.melBands()];
        try (Recording recording = Recording.open(name)) {
            try (RecordedFeatures source = new RecordedFeatures(List.of(recording.file()), parameters, limits)) {
                int frames = source.read(0, values);
                return new Features(
                        Arrays.copyOf(values, frames * parameters.melBands()), frames, parameters.melBands());
            } catch (EarshotException e) {
                throw recording.named(e);
            }
        }
    }
}
