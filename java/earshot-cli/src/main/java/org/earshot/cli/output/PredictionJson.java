package org.earshot.cli.output;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;

/**
 * Answers as JSON, one object a line: the file's name, then what Jackson makes of a prediction: of several models,
 * whether they agree, and what each said.
 */
public final class PredictionJson implements PredictionFormat {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final int top;

    public PredictionJson(int top) {
        this.top = top;
    }

    @Override
    public String header() {
        return "";
    }

    @Override
    public String row(Path file, Answer answer) {
        ObjectNode fields = MAPPER.valueToTree(
                answer.ensemble().isPresent() ? answer.ensemble().get() : answer.scene());
        cut(fields);
        return Json.line(json -> {
            json.setCodec(MAPPER);
            json.writeStringField("file", file.toString());
            for (Map.Entry<String, JsonNode> field : fields.properties()) {
                json.writeObjectField(field.getKey(), field.getValue());
            }
        });
    }

    /** Leaves only so many scenes in every ranking. */
    private void cut(JsonNode node) {
        if (node.get("ranking") instanceof ArrayNode ranking) {
            while (ranking.size() > top) {
                ranking.remove(ranking.size() - 1);
            }
        }
        node.forEach(this::cut);
    }
}
