package org.earshot.cli.options;

import java.nio.file.Path;
import java.util.List;
import org.earshot.SceneClassifier;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelDirectory;
import org.earshot.network.PreparedNetwork;
import org.earshot.weights.KeyMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A model and how it is run: what the commands that time a network have in common. */
public final class RunOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Model directory, with config.json and model.safetensors.")
    private Path directory;

    @Mixin
    private ClassifierOptions compute;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            split = ",",
            description = "Clips of a call; bench takes several, as in 1,8,64. Default: 1.")
    private List<Integer> batches;

    @Option(names = "--frames", paramLabel = "T", description = "Frames of a clip. Default: the model's.")
    private Integer frames;

    /** Clips of a call, where only one number makes sense. */
    public int batch() {
        return batches().size() == 1 ? batches.get(0) : refuse("--batch", batches, "one number");
    }

    /** Clips of a call, one number or several. */
    public List<Integer> batches() {
        return requirePositive("--batch", batches);
    }

    /** Reads the model, after a look at the options that do not need it. */
    public ModelDirectory read() {
        batches();
        compute.threads();
        requirePositive("--frames", List.of(frames == null ? 1 : frames));
        return ModelDirectory.read(directory, null, KeyMap.identity());
    }

    /** The model's feature parameters with clips of the length asked for, which is enough for the model. */
    public FeatureParameters features(ModelDirectory model) {
        FeatureParameters parameters = model.config().features();
        int length = frames == null ? parameters.frames() : frames;
        if (length < model.model().minimumFrames()) {
            refuse("--frames", length, "at least " + model.model().minimumFrames());
        }
        try {
            return withFrames(parameters, length);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }

    private static FeatureParameters withFrames(FeatureParameters of, int frames) {
        return new FeatureParameters(
                of.sampleRate(),
                of.fftSize(),
                of.windowLength(),
                of.hopLength(),
                of.melBands(),
                of.minimumFrequency(),
                of.maximumFrequency(),
                frames,
                of.padMode(),
                of.topDecibel());
    }

    /** A classifier of the model for so many calls at once. */
    public SceneClassifier.Builder classifier(int calls) {
        return compute.apply(SceneClassifier.builder(directory), calls);
    }

    /** Starts the backend and prepares the model's network on it. */
    public PreparedNetwork prepare(ModelDirectory model) {
        return new PreparedNetwork(model.model().network(), compute.start(), features(model));
    }

    /** Numbers of an option, each of them at least 1. */
    public List<Integer> requirePositive(String option, List<Integer> values) {
        for (int value : values) {
            if (value < 1) {
                refuse(option, value, "at least 1");
            }
        }
        return values;
    }

    private int refuse(String option, Object found, String expected) {
        throw new ParameterException(spec.commandLine(), option + ": found " + found + "; expected " + expected);
    }
}
