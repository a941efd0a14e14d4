package org.earshot.cli.commands;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.earshot.cli.options.JsonOption;
import org.earshot.cli.options.RunOptions;
import org.earshot.cli.output.Json;
import org.earshot.cli.output.Layout;
import org.earshot.cli.output.Text;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelDirectory;
import org.earshot.network.LayerProfile;
import org.earshot.network.PreparedNetwork;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows a model's network layer by layer. */
@Command(
        name = "summary",
        description = "Shows a model's network layer by layer: output shape, parameters, multiply-adds, and the share"
                + " of the time on a backend.",
        footer = {
            "",
            "Shapes are [batch, frames, bands, channels] or [batch, values]. Parameters are the trained numbers; a"
                    + " batch norm counts though it is folded into the layer before it. Multiply-adds leave out what"
                    + " is done to single values, such as activations and exponentials. Layers are timed one by one.",
            "",
            "Example:",
            "  earshot summary my-model --backend cpu --threads 2"
        })
final class SummaryCommand extends Subcommand {
    private static final Duration LEAST = Duration.ofMillis(500);

    @Mixin
    private RunOptions options;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        ModelDirectory model = options.read();
        FeatureParameters parameters = options.features(model);
        int frames = parameters.frames();
        try (PreparedNetwork network = options.prepare(model);
                LatencyProbe probe = new LatencyProbe(
                        model.model(), network, options.batch(), parameters, LatencyProbe.Start.FEATURES)) {
            // The JIT compiler has to see the code before the layers are timed.
            probe.measure(LEAST);
            List<LayerProfile> rows = probe.layers(model.model().network());
            String backend = network.backend().toString();
            console().result(json.asked() ? json(model, frames, backend, rows) : table(model, frames, backend, rows));
        }
        return DONE;
    }

    /** From 0 to 1. */
    private static double share(LayerProfile layer, List<LayerProfile> all) {
        double total = all.stream().mapToLong(other -> other.time().toNanos()).sum();
        return layer.time().toNanos() / total;
    }

    private String table(ModelDirectory model, int frames, String backend, List<LayerProfile> rows) {
        Layout table = new Layout(TEXT, TEXT, TEXT, NUMBER, NUMBER, NUMBER);
        table.add("layer", "kind", "output", "parameters", "multiply-adds", "% of time");
        for (LayerProfile row : rows) {
            table.add(
                    Text.visible(row.name()),
                    row.kind(),
                    row.output().toString(),
                    number(row.parameters()),
                    number(row.multiplyAdds()),
                    String.format(Locale.ROOT, "%.1f", 100 * share(row, rows)));
        }
        long multiplyAdds = rows.stream().mapToLong(LayerProfile::multiplyAdds).sum();
        table.add("total", "", "", number(model.model().network().parameters()), number(multiplyAdds), "100.0");
        return String.format(
                        Locale.ROOT,
                        "%s, %d x %d frames of %d bands, %s%n%n",
                        model.config().architecture(),
                        options.batch(),
                        frames,
                        model.config().features().melBands(),
                        backend)
                + table;
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private String json(ModelDirectory model, int frames, String backend, List<LayerProfile> rows) {
        return Json.line(out -> {
            out.writeStringField("architecture", model.config().architecture().label());
            out.writeStringField("backend", backend);
            out.writeNumberField("batch", options.batch());
            out.writeNumberField("frames", frames);
            out.writeNumberField("parameters", model.model().network().parameters());
            out.writeNumberField(
                    "multiply_adds",
                    rows.stream().mapToLong(LayerProfile::multiplyAdds).sum());
            out.writeArrayFieldStart("layers");
            for (LayerProfile row : rows) {
                out.writeStartObject();
                out.writeStringField("name", row.name());
                out.writeStringField("kind", row.kind());
                out.writeArrayFieldStart("output");
                for (int i = 0; i < row.output().rank(); i++) {
                    out.writeNumber(row.output().extent(i));
                }
                out.writeEndArray();
                out.writeNumberField("parameters", row.parameters());
                out.writeNumberField("multiply_adds", row.multiplyAdds());
                out.writeNumberField("share", share(row, rows));
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }
}
