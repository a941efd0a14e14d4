package org.earshot.cli;

import java.nio.file.Path;
import org.earshot.model.ModelDirectory;
import org.earshot.model.PreparedNetwork;
import org.earshot.weights.KeyMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A model and how it is run: what the commands that time a network have in common. */
final class RunOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Model directory, with config.json and model.safetensors.")
    private Path directory;

    @Mixin
    private ClassifierOptions compute;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "1", description = "Clips of a call. Default: 1.")
    private int batch;

    @Option(names = "--frames", paramLabel = "T", description = "Frames of a clip. Default: the model's.")
    private Integer frames;

    /** Clips of a call. */
    int batch() {
        return requirePositive("--batch", batch);
    }

    /** Reads the model, after a look at the options that do not need it. */
    ModelDirectory read() {
        batch();
        compute.threads();
        requirePositive("--frames", frames == null ? 1 : frames);
        return ModelDirectory.read(directory, null, KeyMap.identity());
    }

    /** Frames of a clip, enough for the model. */
    int frames(ModelDirectory model) {
        int length = frames == null ? model.config().features().frames() : frames;
        if (length < model.model().minimumFrames()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--frames: found " + length + "; expected at least "
                            + model.model().minimumFrames());
        }
        return length;
    }

    /** Starts the backend and prepares the model's network on it. */
    PreparedNetwork prepare(ModelDirectory model) {
        return new PreparedNetwork(
                model.model().network(),
                compute.start(),
                LatencyProbe.withFrames(model.config().features(), frames(model)));
    }

    private int requirePositive(String option, int value) {
        if (value < 1) {
            throw new ParameterException(spec.commandLine(), option + ": found " + value + "; expected at least 1");
        }
        return value;
    }
}
