package org.earshot.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.earshot.AudioException;
import org.earshot.audio.MonoReader;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.files.AtomicFile;
import org.earshot.layer.Shape;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the features of a recording. */
@Command(
        name = "features",
        description = "Writes the log-mel features of a recording, as the network sees them.",
        footer = {
            "",
            "Of a recording longer than the model's clip, the first clip is taken. Values are dB, [frames, mel bands],"
                    + " float32; in a safetensors file the tensor is named 'features'. In the picture, time goes to"
                    + " the right and low frequencies are at the bottom.",
            "",
            "Example:",
            "  earshot features street.wav --output street.png"
        })
final class FeaturesCommand extends Subcommand {
    private static final String TENSOR = "features";

    @Parameters(paramLabel = "FILE", description = "The recording.")
    private Path recording;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "X.npy|X.safetensors|X.png",
            description = "File to write; its ending says what.")
    private Path output;

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
        Writer writer = writer();
        FeatureParameters parameters = ModelConfig.read(model.directory().resolve(ModelDirectory.CONFIG))
                .features();
        Features features = compute(parameters);
        try {
            writer.write(output, features);
        } catch (IOException e) {
            throw new CommandException(output, "a file that cannot be written (" + e + ")", "a writable folder", e);
        }
        return DONE;
    }

    private Writer writer() {
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
    private Features compute(FeatureParameters parameters) {
        int window = parameters.windowSamples();
        float[] pcm = new float[Math.addExact(window, parameters.hopLength())];
        int samples;
        try (MonoReader reader = MonoReader.open(recording, parameters.sampleRate())) {
            samples = reader.read(pcm, 0, pcm.length);
        }
        if (samples < 1) {
            throw new AudioException(recording, "no samples", "a recording that is not empty");
        }
        int clip = samples < pcm.length ? samples : window;
        LogMel logMel = new LogMel(parameters);
        int frames = parameters.cutFrames(clip);
        float[] values = new float[frames * parameters.melBands()];
        logMel.compute(pcm, 0, clip, values, 0, logMel.scratch());
        return new Features(values, frames, parameters.melBands());
    }
}
