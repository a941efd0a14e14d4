package org.earshot.evaluation;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.io.OutputStream;

/**
 * An evaluation as JSON: the records' components by name, words joined by underscores ({@code macro_accuracy}). What is
 * not defined, such as the recall of a class without clips, is null.
 */
public final class EvaluationJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .addModule(new SimpleModule()
                    .addSerializer(double.class, new NumberOrNull())
                    .addSerializer(Double.class, new NumberOrNull()))
            .build();

    private EvaluationJson() {}

    /** JSON has no NaN. */
    private static final class NumberOrNull extends JsonSerializer<Double> {
        @Override
        public void serialize(Double value, JsonGenerator json, SerializerProvider provider) throws IOException {
            if (value.isNaN()) {
                json.writeNull();
            } else {
                json.writeNumber(value);
            }
        }
    }

    /**
     * Writes an evaluation.
     *
     * @param evaluation one or several models
     * @param out where to; not closed
     * @throws IOException if it cannot be written
     */
    public static void write(Evaluation evaluation, OutputStream out) throws IOException {
        MAPPER.writeValue(out, evaluation);
        out.write('\n');
    }
}
