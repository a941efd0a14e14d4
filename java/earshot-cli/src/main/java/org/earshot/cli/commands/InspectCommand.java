package org.earshot.cli.commands;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.earshot.architecture.Architecture;
import org.earshot.cli.options.JsonOption;
import org.earshot.cli.options.KeyMapOption;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Json;
import org.earshot.cli.output.Layout;
import org.earshot.cli.output.Text;
import org.earshot.error.ModelException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.TensorStatistics;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows what a weight file holds. */
@Command(
        name = "inspect",
        description = "Shows what a weight file holds: names, types, shapes, statistics, and the network they are of.",
        footer = {
            "",
            "Whether the weights fit a network in every tensor is what 'earshot convert' checks. The digest of a model"
                    + " directory is the SHA-256 of its configuration and weights, by which services name the model"
                    + " that they run.",
            "",
            "Example:",
            "  earshot inspect best_model.pth"
        })
final class InspectCommand extends Subcommand {
    @Parameters(
            paramLabel = "FILE|DIR",
            description = "Weights (.pth, .pt, .safetensors), or a model directory with model.safetensors.")
    private Path input;

    @Mixin
    private KeyMapOption keyMap;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        Path file = Files.isDirectory(input) ? ModelDirectory.weightFile(input) : input;
        Weights weights = ModelDirectory.weights(file, keyMap.keyMap());
        if (weights.tensors().isEmpty()) {
            throw new CommandException(file, "no tensor in it", "at least one");
        }
        Optional<String> digest = digest(weights);
        console().result(json.asked() ? json(weights, digest) : table(weights, digest));
        return DONE;
    }

    /** Of a model directory with a configuration that can be read. */
    private Optional<String> digest(Weights weights) {
        try {
            return Files.isDirectory(input)
                    ? Optional.of(
                            ModelDirectory.digest(ModelConfig.read(input.resolve(ModelDirectory.CONFIG)), weights))
                    : Optional.empty();
        } catch (ModelException e) {
            return Optional.empty(); // It is the weights that are looked at.
        }
    }

    private static Optional<Architecture> architecture(Weights weights) {
        return Architecture.recognise(weights.tensors().keySet());
    }

    private static long elements(Weights weights) {
        return weights.tensors().values().stream()
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
    }

    private static long bytes(Weights weights) {
        return weights.tensors().values().stream()
                .mapToLong(tensor -> tensor.shape().elements() * tensor.type().bytes())
                .sum();
    }

    private static String table(Weights weights, Optional<String> digest) {
        Layout table = new Layout(TEXT, TEXT, TEXT, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER);
        table.add("name", "type", "shape", "min", "max", "mean", "std", "NaN", "inf");
        NonFinite nonFinite = new NonFinite();
        weights.tensors().forEach((name, tensor) -> {
            TensorStatistics statistics = TensorStatistics.of(tensor);
            nonFinite.add(name, statistics);
            table.add(
                    Text.visible(name),
                    tensor.type().toString(),
                    tensor.shape().toString(),
                    number(statistics.minimum()),
                    number(statistics.maximum()),
                    number(statistics.mean()),
                    number(statistics.deviation()),
                    Long.toString(statistics.nans()),
                    Long.toString(statistics.infinities()));
        });
        StringBuilder text = new StringBuilder(table.toString());
        text.append('\n').append(weights.tensors().size()).append(" tensors, ");
        text.append(elements(weights)).append(" parameters, ");
        text.append(bytes(weights)).append(" bytes\narchitecture: ");
        text.append(architecture(weights).map(Architecture::label).orElse("not recognised"));
        digest.ifPresent(sha -> text.append("\ndigest: ").append(sha));
        nonFinite.description().ifPresent(line -> text.append('\n').append(line));
        weights.notes().forEach(line -> text.append("\nnote: ").append(Text.visible(line)));
        weights.leftOut().forEach(line -> text.append("\nleft out: ").append(Text.visible(line)));
        return text.append('\n').toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.5g", value);
    }

    private static String json(Weights weights, Optional<String> digest) {
        return Json.line(json -> {
            json.writeStringField("file", weights.source().toString());
            json.writeStringField(
                    "architecture",
                    architecture(weights).map(Architecture::label).orElse(null));
            json.writeStringField("model_digest", digest.orElse(null));
            json.writeNumberField("parameters", elements(weights));
            json.writeNumberField("bytes", bytes(weights));
            writeLines(json, "notes", weights.notes());
            writeLines(json, "left_out", weights.leftOut());
            json.writeArrayFieldStart("tensors");
            for (String name : weights.tensors().keySet()) {
                writeTensor(json, name, weights.tensors().get(name));
            }
            json.writeEndArray();
        });
    }

    private static void writeLines(JsonGenerator json, String field, List<String> lines) throws IOException {
        json.writeArrayFieldStart(field);
        for (String line : lines) {
            json.writeString(line);
        }
        json.writeEndArray();
    }

    private static void writeTensor(JsonGenerator json, String name, WeightTensor tensor) throws IOException {
        TensorStatistics statistics = TensorStatistics.of(tensor);
        json.writeStartObject();
        json.writeStringField("name", name);
        json.writeStringField("type", tensor.type().toString());
        json.writeArrayFieldStart("shape");
        for (int i = 0; i < tensor.shape().rank(); i++) {
            json.writeNumber(tensor.shape().extent(i));
        }
        json.writeEndArray();
        writeNumber(json, "min", statistics.minimum());
        writeNumber(json, "max", statistics.maximum());
        writeNumber(json, "mean", statistics.mean());
        writeNumber(json, "std", statistics.deviation());
        json.writeNumberField("nan", statistics.nans());
        json.writeNumberField("infinite", statistics.infinities());
        json.writeEndObject();
    }

    /** JSON has no NaN and no infinities: null stands for them. */
    private static void writeNumber(JsonGenerator json, String name, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, value);
        } else {
            json.writeNullField(name);
        }
    }
}
