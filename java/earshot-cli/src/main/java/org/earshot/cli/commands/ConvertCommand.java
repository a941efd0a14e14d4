package org.earshot.cli.commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.earshot.architecture.SceneModel;
import org.earshot.cli.options.KeyMapOption;
import org.earshot.cli.output.CommandException;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;
import org.earshot.files.PartialFile;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.Safetensors;
import org.earshot.weights.TensorStatistics;
import org.earshot.weights.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a model directory of a checkpoint. */
@Command(
        name = "convert",
        description = "Makes a model directory of a PyTorch checkpoint (or a safetensors file) and a configuration.",
        footer = {
            "",
            "Nothing is written unless configuration and weights fit together. No code in a checkpoint is run.",
            "",
            "Example:",
            "  earshot convert best_model.pth --config config.json --output my-model"
        })
final class ConvertCommand extends Subcommand {
    @Parameters(
            paramLabel = "CHECKPOINT",
            description = "Weights: .pth, .pt, .safetensors, or an index of several files.")
    private Path checkpoint;

    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "The model's config.json: architecture, labels, features, cities.")
    private Path config;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "DIR",
            description = "Model directory to make.")
    private Path output;

    @Option(names = "--force", description = "Replace a model that is there already.")
    private boolean force;

    @Mixin
    private KeyMapOption keyMap;

    @Override
    public Integer call() {
        checkOutput();
        ModelConfig configuration = ModelConfig.read(config);
        Weights weights = ModelDirectory.weights(checkpoint, keyMap.keyMap());
        SceneModel model = ModelDirectory.compose(configuration, weights);
        // Before they are replaced, if they are the output's own.
        NonFinite nonFinite = new NonFinite();
        weights.tensors().forEach((name, tensor) -> nonFinite.add(name, TensorStatistics.of(tensor)));
        try {
            write(configuration, weights);
        } catch (IOException e) {
            throw unwritable(e);
        }
        weights.notes().forEach(console()::say);
        weights.leftOut().forEach(line -> console().say("left out: " + line));
        nonFinite.description().ifPresent(line -> console().say("warning: " + line));
        console()
                .say(output + ": " + model.architecture() + ", "
                        + model.network().parameters() + " parameters");
        return DONE;
    }

    private void checkOutput() {
        if (Files.exists(output) && !Files.isDirectory(output)) {
            throw new CommandException(output, "a file", "a folder, or nothing");
        }
        for (String name : List.of(ModelDirectory.CONFIG, ModelDirectory.WEIGHTS)) {
            if (Files.exists(output.resolve(name)) && !force) {
                throw new CommandException(output, name + " in it", "none (--force replaces it)");
            }
        }
        probe();
    }

    /** Writes both files beside where they are to be first, so that a model is there whole or not at all. */
    private void write(ModelConfig configuration, Weights weights) throws IOException {
        if (Files.exists(output)) {
            // In that folder, not beside it: it may be a volume of its own, or the only place that can be written.
            Path configPlace = AtomicFile.place(output.resolve(ModelDirectory.CONFIG));
            Path weightsPlace = AtomicFile.place(output.resolve(ModelDirectory.WEIGHTS));
            try (PartialFile stagedConfig = PartialFile.beside(configPlace);
                    PartialFile stagedWeights = PartialFile.beside(weightsPlace)) {
                write(configuration, stagedConfig.path(), weights, stagedWeights.path());
                AtomicFile.replace(stagedWeights.path(), weightsPlace);
                AtomicFile.replace(stagedConfig.path(), configPlace);
            }
            return;
        }
        Path place = AtomicFile.place(output);
        Path parent = place.toAbsolutePath().getParent();
        Files.createDirectories(parent);
        try (PartialFile staging = PartialFile.in(parent)) {
            Files.createDirectory(staging.path());
            write(
                    configuration,
                    staging.path().resolve(ModelDirectory.CONFIG),
                    weights,
                    staging.path().resolve(ModelDirectory.WEIGHTS));
            Files.move(staging.path(), place);
        }
    }

    private static void write(ModelConfig configuration, Path stagedConfig, Weights weights, Path stagedWeights)
            throws IOException {
        try {
            configuration.write(stagedConfig);
            Safetensors.write(stagedWeights, weights.tensors());
        } catch (ModelException | WeightsException e) {
            // These name a file that nobody asked for.
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /** Proves that the output can be written where it, or the first folder above it that exists, is. */
    private void probe() {
        Path folder = output.toAbsolutePath();
        while (folder != null && !Files.exists(folder)) {
            folder = folder.getParent();
        }
        try {
            for (String name : List.of(ModelDirectory.CONFIG, ModelDirectory.WEIGHTS)) {
                AtomicFile.probe(folder == null ? output : folder.resolve(name));
            }
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private CommandException unwritable(IOException e) {
        return new CommandException(
                output, "a folder that cannot be written (" + IoReason.of(e) + ")", "a writable one", e);
    }
}
