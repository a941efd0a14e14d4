package org.earshot.server.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.ByteArrayOutputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.earshot.files.JsonReason;
import org.earshot.files.Quoted;
import org.earshot.server.inference.InferenceRequest;
import org.earshot.server.inference.InferenceResponse;
import org.earshot.server.inference.RawTensors;
import org.earshot.server.inference.Tensor;
import org.earshot.server.service.RequestException;

/**
 * The Open Inference Protocol's JSON, with the extension for binary data: behind the JSON, whose length a header says,
 * come the tensors that say how many bytes they have. Read token by token, as most of it may be samples.
 */
final class InferenceJson {
    /** Where the JSON ends and bytes begin. */
    static final String HEADER_LENGTH = "Inference-Header-Content-Length";

    private static final String BINARY_SIZE = "binary_data_size";
    private static final String BINARY = "binary_data";
    private static final String ALL_BINARY = "binary_data_output";

    private InferenceJson() {}

    /**
     * A request as it came.
     *
     * @param request what it asks for
     * @param binary names of the outputs that are wanted as bytes
     * @param allBinary whether the others are too
     */
    record Parsed(InferenceRequest request, Set<String> binary, Set<String> text, boolean allBinary) {
        boolean isBinary(String output) {
            return binary.contains(output) || (allBinary && !text.contains(output));
        }
    }

    /**
     * Reads a request.
     *
     * @param body all of it
     * @param jsonLength of it that is JSON
     * @throws RequestException if it is none
     */
    static Parsed read(byte[] body, int jsonLength) {
        try (JsonParser json = Json.MAPPER.createParser(body, 0, jsonLength)) {
            Reader reader = new Reader(json, ByteBuffer.wrap(body, jsonLength, body.length - jsonLength));
            return reader.request();
        } catch (JsonProcessingException e) {
            throw RequestException.invalid(
                    "body", "no JSON that is read (" + reason(e) + ")", "a request of the Open Inference Protocol");
        } catch (CharConversionException e) {
            // Begins like UTF-16 or UTF-32, which is read too, and is neither.
            throw RequestException.invalid("body", "bytes that are no text", "JSON in UTF-8");
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Memory has none.
        }
    }

    /** In our words: Jackson's own name its classes and settings, which no client knows. */
    private static String reason(JsonProcessingException e) {
        if (e instanceof StreamConstraintsException) {
            return "lists or objects too deep in each other, or a name or number too long";
        }
        JsonLocation location = e.getLocation();
        // In the middle of a name it is another exception, which says so all the same.
        String what = e instanceof JsonEOFException || e.getOriginalMessage().startsWith("Unexpected end-of-input")
                ? "breaks off"
                : e instanceof InputCoercionException ? "a number beyond all bounds" : "no JSON any more";
        return what + " in line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    private static final class Reader {
        private final JsonParser json;
        private final ByteBuffer binary;

        Reader(JsonParser json, ByteBuffer binary) {
            this.json = json;
            this.binary = binary;
        }

        Parsed request() throws IOException {
            require(json.nextToken() == JsonToken.START_OBJECT, "request", "an object");
            String id = "";
            Map<String, Object> parameters = Map.of();
            List<Tensor> inputs = new ArrayList<>();
            List<String> outputs = new ArrayList<>();
            Set<String> asBytes = new HashSet<>();
            Set<String> asText = new HashSet<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                if (isUnset(json.nextToken())) {
                    continue;
                }
                switch (field) {
                    case "id" -> id = text("id");
                    case "parameters" -> parameters = parameters();
                    case "inputs" -> {
                        require(json.isExpectedStartArrayToken(), "inputs", "a list");
                        while (json.nextToken() != JsonToken.END_ARRAY) {
                            inputs.add(input());
                        }
                    }
                    case "outputs" -> {
                        require(json.isExpectedStartArrayToken(), "outputs", "a list");
                        while (json.nextToken() != JsonToken.END_ARRAY) {
                            output(outputs, asBytes, asText);
                        }
                    }
                    default -> json.skipChildren();
                }
            }
            require(json.nextToken() == null, "body", "nothing behind the request");
            if (binary.hasRemaining()) {
                throw RequestException.invalid("body", binary.remaining() + " bytes behind the last tensor", "none");
            }
            boolean all = Boolean.TRUE.equals(parameters.get(ALL_BINARY));
            return new Parsed(new InferenceRequest(id, parameters, inputs, outputs), asBytes, asText, all);
        }

        private void output(List<String> outputs, Set<String> asBytes, Set<String> asText) throws IOException {
            require(json.isExpectedStartObjectToken(), "output", "an object");
            String name = null;
            Map<String, Object> parameters = Map.of();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                if (isUnset(json.nextToken())) {
                    continue;
                }
                switch (field) {
                    case "name" -> name = text("output: name");
                    case "parameters" -> parameters = parameters();
                    default -> json.skipChildren();
                }
            }
            if (name == null) {
                throw RequestException.invalid("output", "no name", "one");
            }
            outputs.add(name);
            if (parameters.get(BINARY) instanceof Boolean wanted) {
                (wanted ? asBytes : asText).add(name);
            }
        }

        private Tensor input() throws IOException {
            require(json.isExpectedStartObjectToken(), "input", "an object");
            String name = null;
            String datatype = null;
            List<Long> shape = null;
            Map<String, Object> parameters = Map.of();
            Elements elements = null;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                if (isUnset(json.nextToken())) {
                    continue;
                }
                switch (field) {
                    case "name" -> name = text("input: name");
                    case "datatype" -> datatype = text("input: datatype");
                    case "shape" -> shape = shape();
                    case "parameters" -> parameters = parameters();
                    case "data" -> {
                        elements = new Elements();
                        elements.read(json);
                    }
                    default -> json.skipChildren();
                }
            }
            if (name == null || datatype == null || shape == null) {
                throw RequestException.invalid(
                        "input",
                        "no " + (name == null ? "name" : datatype == null ? "datatype" : "shape"),
                        "a name, a datatype and a shape");
            }
            Tensor.Data data = elements == null
                    ? bytes(name, datatype, parameters.get(BINARY_SIZE))
                    : elements.as(name, datatype, shape);
            return new Tensor(name, datatype, shape, parameters, data);
        }

        private Tensor.Data bytes(String name, String datatype, Object size) {
            if (!(size instanceof Number number)) {
                throw RequestException.invalid(
                        name, "no data", "data, or the parameter " + BINARY_SIZE + " and bytes behind the JSON");
            }
            int length = number.intValue();
            // As a double too: a number that is not whole, or beyond any int, is not to be another one.
            if (length != number.doubleValue() || length < 0 || length > binary.remaining()) {
                throw RequestException.invalid(
                        name + ": " + BINARY_SIZE,
                        Quoted.plain(number.toString()),
                        "at most the " + binary.remaining() + " bytes that are left behind the JSON");
            }
            ByteBuffer own = binary.slice(binary.position(), length);
            binary.position(binary.position() + length);
            return RawTensors.read(name, datatype, own);
        }

        private List<Long> shape() throws IOException {
            require(json.isExpectedStartArrayToken(), "shape", "a list");
            List<Long> shape = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.VALUE_NUMBER_INT, "shape", "integers");
                shape.add(json.getLongValue());
            }
            return shape;
        }

        private Map<String, Object> parameters() throws IOException {
            require(json.isExpectedStartObjectToken(), "parameters", "an object");
            Map<String, Object> parameters = new LinkedHashMap<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                JsonToken token = json.nextToken();
                if (isUnset(token)) {
                    continue;
                }
                if (token == JsonToken.VALUE_STRING) {
                    parameters.put(name, json.getText());
                } else if (token.isNumeric()) {
                    parameters.put(name, json.getNumberValue());
                } else if (token.isBoolean()) {
                    parameters.put(name, json.getBooleanValue());
                } else {
                    throw RequestException.invalid(
                            "parameter " + name, JsonReason.describe(token), "a text, a number, true or false");
                }
            }
            return parameters;
        }

        /** Many clients write null for what is not set. */
        private static boolean isUnset(JsonToken value) {
            return value == JsonToken.VALUE_NULL;
        }

        private String text(String subject) throws IOException {
            require(json.currentToken() == JsonToken.VALUE_STRING, subject, "a text");
            return json.getText();
        }

        private void require(boolean condition, String subject, String expected) throws IOException {
            if (!condition) {
                throw RequestException.invalid(
                        subject, JsonReason.describe(json.currentToken()) + " in line " + line(), expected);
            }
        }

        private int line() {
            return json.currentLocation().getLineNr();
        }
    }

    /** The elements of a list, or of a list of lists, whose type may be said behind it. */
    private static final class Elements {
        private static final int FIRST = 1 << 12;

        private float[] numbers = {};
        private int count;
        private final List<byte[]> texts = new ArrayList<>();
        private final Extents extents = new Extents();

        void read(JsonParser json) throws IOException {
            int depth = 0;
            JsonToken token = json.currentToken();
            while (true) {
                if (token == JsonToken.START_ARRAY) {
                    extents.begin(depth++);
                } else if (token == JsonToken.END_ARRAY) {
                    extents.end(--depth);
                } else if (token == JsonToken.VALUE_STRING) {
                    extents.element(depth);
                    texts.add(decoded(json));
                } else if (token.isNumeric()) {
                    extents.element(depth);
                    add(json.getFloatValue());
                } else {
                    throw RequestException.invalid("data", JsonReason.describe(token), "a list of numbers or of texts");
                }
                if (depth == 0) {
                    return;
                }
                token = json.nextToken();
            }
        }

        private void add(float number) {
            if (count == numbers.length) {
                numbers = Arrays.copyOf(numbers, Math.max(FIRST, 2 * count));
            }
            numbers[count++] = number;
        }

        Tensor.Data as(String name, String datatype, List<Long> shape) {
            extents.requireShape(name, shape);
            switch (datatype) {
                case Tensor.FP32 -> {
                    if (!texts.isEmpty()) {
                        throw RequestException.invalid(name, "texts", "numbers, as the datatype says");
                    }
                    return new Tensor.Floats(numbers, count);
                }
                case Tensor.BYTES -> {
                    if (count > 0) {
                        throw RequestException.invalid(name, "numbers", "texts in base64, as the datatype says");
                    }
                    return new Tensor.Bytes(texts);
                }
                default -> throw RawTensors.wrongType(name, datatype);
            }
        }

        private byte[] decoded(JsonParser json) throws IOException {
            try {
                return json.getBinaryValue();
            } catch (JsonEOFException e) {
                throw e; // The text is not wrong: the whole request breaks off in it.
            } catch (JsonProcessingException e) {
                throw RequestException.invalid(
                        "data[" + texts.size() + "]",
                        "a text that is not in base64",
                        "base64, or " + HEADER_LENGTH + " and the bytes themselves behind the JSON");
            }
        }
    }

    /** How lists lie in each other: as the shape says, or all elements in one (the protocol's "tensor contents"). */
    private static final class Extents {
        private static final int UNKNOWN = -1;

        /** Of the first list that ended at each depth. */
        private final List<Long> extents = new ArrayList<>();
        /** Of the lists that have not ended. */
        private long[] counts = new long[4];
        /** Where elements are. */
        private int depth = UNKNOWN;

        private boolean ragged;

        void begin(int outside) {
            ragged |= outside == depth;
            if (outside > 0) {
                counts[outside - 1]++;
            }
            if (outside == counts.length) {
                counts = Arrays.copyOf(counts, 2 * outside);
            }
            counts[outside] = 0;
            if (outside == extents.size()) {
                extents.add((long) UNKNOWN);
            }
        }

        void element(int inside) {
            ragged |= depth != UNKNOWN && depth != inside;
            depth = inside;
            if (inside > 0) {
                counts[inside - 1]++;
            }
        }

        void end(int outside) {
            long before = extents.get(outside);
            ragged |= before != UNKNOWN && before != counts[outside];
            extents.set(outside, counts[outside]);
        }

        void requireShape(String name, List<Long> shape) {
            if (ragged || (extents.size() > 1 && !extents.equals(shape))) {
                throw RequestException.invalid(
                        name + ": data",
                        ragged ? "lists of unlike lengths" : "lists of " + Quoted.plain(extents.toString()),
                        Quoted.plain(shape.toString()) + ", as the shape says, or all in one list");
            }
        }
    }

    /**
     * A written answer.
     *
     * @param content all of it
     * @param jsonLength of it that is JSON; -1 if all is
     */
    @SuppressWarnings("ArrayRecordComponent") // Not compared.
    record Written(byte[] content, int jsonLength) {}

    /** Writes an answer. */
    static Written write(InferenceResponse response, Parsed asked) {
        List<byte[]> behind = new ArrayList<>();
        byte[] json = Json.object(out -> {
            out.writeStringField("model_name", response.model());
            out.writeStringField("model_version", response.version());
            if (!response.id().isEmpty()) {
                out.writeStringField("id", response.id());
            }
            out.writeArrayFieldStart("outputs");
            for (Tensor output : response.outputs()) {
                out.writeStartObject();
                out.writeStringField("name", output.name());
                out.writeStringField("datatype", output.datatype());
                out.writeArrayFieldStart("shape");
                for (long extent : output.shape()) {
                    out.writeNumber(extent);
                }
                out.writeEndArray();
                if (asked.isBinary(output.name())) {
                    byte[] raw = RawTensors.write(output.data());
                    behind.add(raw);
                    out.writeObjectFieldStart("parameters");
                    out.writeNumberField(BINARY_SIZE, raw.length);
                    out.writeEndObject();
                } else {
                    data(out, output.data());
                }
                out.writeEndObject();
            }
            out.writeEndArray();
        });
        if (behind.isEmpty()) {
            return new Written(json, -1);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(json);
        behind.forEach(all::writeBytes);
        return new Written(all.toByteArray(), json.length);
    }

    private static void data(JsonGenerator out, Tensor.Data data) throws IOException {
        out.writeArrayFieldStart("data");
        if (data instanceof Tensor.Floats floats) {
            for (int i = 0; i < floats.size(); i++) {
                out.writeNumber(floats.array()[i]);
            }
        } else {
            for (byte[] text : ((Tensor.Bytes) data).elements()) {
                out.writeString(new String(text, StandardCharsets.UTF_8));
            }
        }
        out.writeEndArray();
    }
}
