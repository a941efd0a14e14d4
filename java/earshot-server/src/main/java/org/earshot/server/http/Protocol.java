package org.earshot.server.http;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.earshot.files.Quoted;
import org.earshot.server.inference.Inference;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.ServedModel;
import org.earshot.server.service.ServedVersion;

/** The paths of the Open Inference Protocol, below {@code /v2}. */
final class Protocol {
    private final ModelRepository models;
    private final Inference inference;
    private final String version;

    Protocol(ModelRepository models, Inference inference, String version) {
        this.models = models;
        this.inference = inference;
        this.version = version;
    }

    /**
     * Answers a request, now or later.
     *
     * @param path what stands behind {@code /v2}, part by part
     */
    void handle(Exchange exchange, List<String> path) {
        if (path.isEmpty()) {
            Router.requireMethod(exchange, "GET");
            exchange.json(200, metadata());
            return;
        }
        switch (path.get(0)) {
            case "health" -> health(exchange, path);
            case "models" -> model(exchange, path.subList(1, path.size()));
            case "repository" -> repository(exchange, path.subList(1, path.size()));
            default -> throw noSuchPath(exchange);
        }
    }

    private static RequestException noSuchPath(Exchange exchange) {
        return Router.noSuchPath(
                exchange,
                "/v2, /v2/health/live, /v2/health/ready, /v2/models, /v2/models/NAME[/versions/V][/ready or /infer],"
                        + " /v2/repository/index or /v2/repository/models/NAME/load");
    }

    private byte[] metadata() {
        return Json.object(out -> {
            out.writeStringField("name", Inference.SERVER);
            out.writeStringField("version", version);
            out.writeArrayFieldStart("extensions");
            for (String extension : List.of("binary_tensor_data", "model_repository")) {
                out.writeString(extension);
            }
            out.writeEndArray();
        });
    }

    private void health(Exchange exchange, List<String> path) {
        Router.requireMethod(exchange, "GET");
        switch (path.size() == 2 ? path.get(1) : "") {
            case "live" -> exchange.json(200, Json.object(out -> out.writeBooleanField("live", true)));
            case "ready" -> {
                boolean ready = models.unready().isEmpty();
                exchange.json(ready ? 200 : 503, Json.object(out -> out.writeBooleanField("ready", ready)));
            }
            default -> throw noSuchPath(exchange);
        }
    }

    private void repository(Exchange exchange, List<String> path) {
        Router.requireMethod(exchange, "POST");
        if (path.size() == 3 && path.get(0).equals("models") && path.get(2).equals("load")) {
            String name = models.model(path.get(1)).name();
            exchange.model(name);
            models.load(name);
            exchange.json(200, Json.object(out -> {}));
        } else if (path.equals(List.of("index"))) {
            exchange.json(200, index());
        } else {
            throw noSuchPath(exchange);
        }
    }

    private byte[] index() {
        try {
            List<Map<String, String>> rows = models.models().stream()
                    .flatMap(model -> model.versions().stream())
                    .map(served -> Map.of(
                            "name", served.model(),
                            "version", served.version(),
                            "state", served.health().isReady() ? "READY" : "UNAVAILABLE",
                            "reason", served.health().reason()))
                    .toList();
            return Json.MAPPER.writeValueAsBytes(rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Memory has none.
        }
    }

    private void model(Exchange exchange, List<String> path) {
        if (path.isEmpty()) {
            Router.requireMethod(exchange, "GET");
            exchange.json(200, Json.object(out -> {
                out.writeArrayFieldStart("models");
                for (ServedModel model : models.models()) {
                    out.writeString(model.name());
                }
                out.writeEndArray();
            }));
            return;
        }
        ServedModel model = models.model(path.get(0));
        exchange.model(model.name());
        boolean versioned = path.size() > 2 && path.get(1).equals("versions");
        String wanted = versioned ? path.get(2) : null;
        List<String> rest = path.subList(versioned ? 3 : 1, path.size());
        ServedVersion served = model.version(wanted);
        if (rest.isEmpty()) {
            Router.requireMethod(exchange, "GET");
            exchange.json(200, metadata(model, served));
        } else if (rest.equals(List.of("ready"))) {
            Router.requireMethod(exchange, "GET");
            boolean ready = served.health().isReady();
            exchange.json(ready ? 200 : 503, Json.object(out -> {
                out.writeStringField("name", model.name());
                out.writeBooleanField("ready", ready);
            }));
        } else if (rest.equals(List.of("infer"))) {
            Router.requireMethod(exchange, "POST");
            infer(exchange, model, wanted);
        } else {
            throw noSuchPath(exchange);
        }
    }

    private static byte[] metadata(ServedModel model, ServedVersion served) {
        return Json.object(out -> {
            out.writeStringField("name", model.name());
            out.writeArrayFieldStart("versions");
            for (ServedVersion each : model.versions()) {
                out.writeString(each.version());
            }
            out.writeEndArray();
            out.writeStringField("platform", Inference.PLATFORM);
            tensors(out, "inputs", Inference.inputs());
            tensors(out, "outputs", Inference.outputs(served.info()));
            out.writeObjectFieldStart("properties");
            for (Map.Entry<String, String> property :
                    Inference.properties(served.info()).entrySet()) {
                out.writeStringField(property.getKey(), property.getValue());
            }
            out.writeEndObject();
        });
    }

    private static void tensors(JsonGenerator out, String field, List<Inference.TensorMetadata> tensors)
            throws IOException {
        out.writeArrayFieldStart(field);
        for (Inference.TensorMetadata tensor : tensors) {
            out.writeStartObject();
            out.writeStringField("name", tensor.name());
            out.writeStringField("datatype", tensor.datatype());
            out.writeArrayFieldStart("shape");
            for (long extent : tensor.shape()) {
                out.writeNumber(extent);
            }
            out.writeEndArray();
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    private void infer(Exchange exchange, ServedModel model, String wanted) {
        exchange.body().whenComplete((body, e) -> {
            if (e != null) {
                exchange.fail(e);
                return;
            }
            try {
                InferenceJson.Parsed parsed = InferenceJson.read(body, jsonLength(exchange, body.length));
                Inference.Answer answer = inference.begin(model, wanted, parsed.request(), exchange.deadline());
                exchange.answer(answer.work(), answer.response().thenApply(response -> {
                    InferenceJson.Written written = InferenceJson.write(response, parsed);
                    return () -> send(exchange, written);
                }));
            } catch (RuntimeException | Error thrown) {
                exchange.fail(thrown);
            }
        });
    }

    private static void send(Exchange exchange, InferenceJson.Written written) {
        if (written.jsonLength() < 0) {
            exchange.json(200, written.content());
        } else {
            exchange.response().getHeaders().put(InferenceJson.HEADER_LENGTH, written.jsonLength());
            exchange.send(200, "application/octet-stream", written.content());
        }
    }

    private static int jsonLength(Exchange exchange, int bodyLength) {
        String header = exchange.header(InferenceJson.HEADER_LENGTH);
        if (header == null) {
            return bodyLength;
        }
        int length;
        try {
            length = Integer.parseInt(header.strip());
        } catch (NumberFormatException e) {
            length = -1;
        }
        if (length < 0 || length > bodyLength) {
            throw RequestException.invalid(
                    InferenceJson.HEADER_LENGTH, Quoted.of(header), "at most the " + bodyLength + " bytes of the body");
        }
        return length;
    }
}
