package org.earshot.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;

/** Answers as JSON, one object a line. */
final class PredictionJson implements PredictionFormat {
    private static final double NANOSECONDS = 1e9;

    private final int top;

    PredictionJson(int top) {
        this.top = top;
    }

    @Override
    public String header() {
        return "";
    }

    @Override
    public String row(Path file, ScenePrediction prediction) {
        return Json.line(json -> {
            json.writeStringField("file", file.toString());
            writeScenes(json, prediction.ranking());
            if (prediction.stages().isPresent()) {
                ScenePrediction.TwoStages stages = prediction.stages().get();
                json.writeObjectFieldStart("coarse");
                writeScenes(json, stages.coarse());
                json.writeEndObject();
                json.writeObjectFieldStart("fine");
                writeScenes(json, stages.fine());
                json.writeEndObject();
            }
            List<ScenePrediction.Window> windows = prediction.windows();
            if (windows.size() > 1) {
                json.writeArrayFieldStart("windows");
                for (ScenePrediction.Window window : windows) {
                    json.writeStartObject();
                    json.writeNumberField("start", seconds(window.start()));
                    json.writeNumberField("length", seconds(window.length()));
                    writeScenes(json, window.ranking());
                    json.writeEndObject();
                }
                json.writeEndArray();
            }
        });
    }

    private void writeScenes(JsonGenerator json, List<ScoredScene> ranking) throws IOException {
        json.writeStringField("label", ranking.get(0).label());
        json.writeNumberField("probability", ranking.get(0).probability());
        json.writeArrayFieldStart("ranking");
        for (ScoredScene scene : ranking.subList(0, Math.min(top, ranking.size()))) {
            json.writeStartObject();
            json.writeStringField("label", scene.label());
            json.writeNumberField("probability", scene.probability());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / NANOSECONDS;
    }
}
