package org.earshot.cli.options;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that names the model directory. */
public final class ModelOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Model directory, with config.json and model.safetensors. Default: the demonstration model.")
    private Path directory;

    /** The directory that was named, or the one that the start script offers. */
    public Path directory() {
        return directory == null ? preset(spec) : directory;
    }

    /** What the start script offers where no directory is named. */
    static Path preset(CommandSpec spec) {
        String preset = System.getProperty("earshot.model");
        if (preset == null || preset.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "which model? Give --model DIR");
        }
        return Path.of(preset);
    }
}
