package org.earshot.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** What commands print for programs. */
public final class Json {
    /** The fields of an object. */
    @FunctionalInterface
    public interface Fields {
        void write(JsonGenerator out) throws IOException;
    }

    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** One object on one line. */
    public static String line(Fields fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            out.writeStartObject();
            fields.write(out);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // A StringWriter throws none.
        }
        return text.append('\n').toString();
    }
}
