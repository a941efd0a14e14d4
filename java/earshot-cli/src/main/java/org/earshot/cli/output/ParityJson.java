package org.earshot.cli.output;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Locale;
import org.earshot.parity.Comparison;
import org.earshot.parity.Difference;
import org.earshot.parity.ParityResult;

/** Parity for programs: one object on one line. */
public final class ParityJson {
    private ParityJson() {}

    public static String of(ParityRun run) {
        return Json.line(out -> {
            out.writeBooleanField("passed", run.passed());
            out.writeArrayFieldStart("results");
            for (ParityRun.Entry entry : run.entries()) {
                write(out, entry.model(), entry.result());
            }
            out.writeEndArray();
            out.writeArrayFieldStart("failures");
            for (ParityRun.Failure failure : run.failures()) {
                out.writeStartObject();
                out.writeStringField("subject", failure.subject());
                out.writeStringField("message", failure.message());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeArrayFieldStart("skipped");
            for (ParityRun.Skipped skipped : run.skipped()) {
                out.writeStartObject();
                out.writeStringField("backend", skipped.backend());
                out.writeStringField("reason", skipped.reason());
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private static void write(JsonGenerator out, String model, ParityResult result) throws IOException {
        out.writeStartObject();
        out.writeStringField("model", model);
        out.writeStringField("golden", result.golden().getFileName().toString());
        out.writeStringField("backend", result.backend());
        String first = result.first().map(Comparison::name).orElse(null);
        out.writeStringField("first", first);
        out.writeArrayFieldStart("comparisons");
        for (Comparison one : result.comparisons()) {
            write(out, one);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("notes");
        for (String note : result.notes()) {
            out.writeString(note);
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, Comparison one) throws IOException {
        Difference difference = one.difference();
        out.writeStartObject();
        out.writeStringField("name", one.name());
        out.writeStringField("node", one.node());
        out.writeArrayFieldStart("ran");
        for (String node : one.ran()) {
            out.writeString(node);
        }
        out.writeEndArray();
        out.writeBooleanField("passed", one.passes());
        number(out, "largest", difference.largest());
        number(out, "mean", difference.mean());
        number(out, "spread", difference.spread());
        number(out, "relative", difference.relative());
        number(out, "cosine", difference.cosine());
        out.writeStringField("worst", difference.worst());
        number(out, "expected", difference.expected());
        number(out, "computed", difference.computed());
        out.writeNumberField("unequal", difference.unequal());
        out.writeNumberField("count", difference.count());
        out.writeStringField("measure", one.measure().name().toLowerCase(Locale.ROOT));
        number(out, "measured", one.measured());
        number(out, "tolerance", one.tolerance());
        number(out, "rounding", one.bound());
        out.writeStringField("guess", one.guess());
        if (one.measure() == Comparison.Measure.LARGEST || one.measure() == Comparison.Measure.MEAN) {
            numbers(out, "per_band", one.perBand());
            numbers(out, "per_frame", one.perFrame());
        }
        out.writeEndObject();
    }

    /** JSON has no NaN: null stands for it. */
    private static void number(JsonGenerator out, String field, double value) throws IOException {
        if (Double.isFinite(value)) {
            out.writeNumberField(field, value);
        } else {
            out.writeNullField(field);
        }
    }

    private static void numbers(JsonGenerator out, String field, double... values) throws IOException {
        out.writeArrayFieldStart(field);
        for (double value : values) {
            if (Double.isFinite(value)) {
                out.writeNumber(value);
            } else {
                out.writeNull();
            }
        }
        out.writeEndArray();
    }
}
