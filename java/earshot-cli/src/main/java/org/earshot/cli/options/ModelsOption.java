package org.earshot.cli.options;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name one model or several, and what of them counts how much. */
public final class ModelsOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Model directory, with config.json and model.safetensors. Several, each with a --model of its"
                    + " own, answer together: the mean of their probabilities. Default: the demonstration model.")
    private List<Path> directories = List.of();

    @Option(
            names = "--model-weights",
            paramLabel = "W,...",
            split = ",",
            description = "How much each --model counts, in their order and in proportion to each other. Default: all"
                    + " the same.")
    private List<Double> weights = List.of();

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pth, .pt) to use instead of those of the model directory.")
    private Path file;

    @Mixin
    private KeyMapOption keyMap;

    /** The directories that were named, or the one that the start script offers. */
    public List<Path> directories() {
        return directories.isEmpty() ? List.of(ModelOption.preset(spec)) : directories;
    }

    /** How much each counts. Complains of numbers that cannot be, and of options that are for a single model. */
    public List<Double> weights() {
        int models = directories().size();
        if (models > 1 && (file != null || keyMap.given())) {
            throw refusal((file == null ? "--key-map and --drop say" : "--weights says")
                    + " how one model is read; found " + models
                    + " (a directory that fits as it is can be made by 'earshot convert')");
        }
        if (weights.isEmpty()) {
            return Collections.nCopies(models, 1.0);
        }
        // Written so that NaN fails too.
        if (weights.size() != models
                || !weights.stream().allMatch(weight -> weight > 0 && weight < Double.POSITIVE_INFINITY)) {
            throw refusal("--model-weights: found " + weights
                    + "; expected a positive number for each --model, of which" + " there are " + models);
        }
        return weights;
    }

    /** The models in words, with what they count where that is said. */
    public String words() {
        List<Path> models = directories();
        List<String> words = IntStream.range(0, models.size())
                .mapToObj(i -> models.get(i) + (weights.isEmpty() ? "" : " (weight " + weights.get(i) + ")"))
                .toList();
        return (models.size() == 1 ? "model " : "models ") + String.join(", ", words);
    }

    /** Weights that stand instead of the directory's; null for none. */
    public Path file() {
        return file;
    }

    public KeyMapOption keyMap() {
        return keyMap;
    }

    private ParameterException refusal(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
