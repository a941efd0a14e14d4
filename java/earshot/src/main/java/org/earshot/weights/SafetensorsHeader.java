package org.earshot.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.earshot.error.WeightsException;
import org.earshot.files.IoReason;
import org.earshot.files.JsonReason;
import org.earshot.files.Quoted;
import org.earshot.files.UnpooledJson;
import org.earshot.layer.Shape;

/** Parses the JSON header of a safetensors file, strictly, token by token. */
final class SafetensorsHeader {
    /** Not a tensor: an object of strings about the file. */
    static final String METADATA = "__metadata__";

    /** {@code {"name": {"shape": [...]}}} is as deep as it goes. */
    private static final int DEEPEST = 3;

    private static final String EXPECTED = "a JSON object as safetensors files have it";

    private static final int LONGEST_NUMBER = 20;

    private static final JsonFactory JSON = UnpooledJson.factory()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Names are foreign text: keep them out of the JVM's and the factory's shared tables.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxNumberLength(LONGEST_NUMBER)
                    .build())
            .build();

    private final Path path;
    private final JsonParser parser;

    private SafetensorsHeader(Path path, JsonParser parser) {
        this.path = path;
        this.parser = parser;
    }

    /**
     * One tensor.
     *
     * @param begin first byte, from the start of the data
     * @param end one past the last byte; {@code end - begin} is the size of the shape's elements
     */
    record Entry(WeightType type, Shape shape, long begin, long end) {}

    /**
     * What a header says.
     *
     * @param entries the tensors in its order
     * @param metadata what it says of the file
     */
    record Content(Map<String, Entry> entries, Map<String, String> metadata) {}

    /**
     * Parses a header.
     *
     * @return all of it
     * @throws WeightsException if it is not exactly what the format allows
     */
    static Content parse(Path path, InputStream header) {
        // A decoder that reports malformed UTF-8; given the bytes, Jackson would guess the encoding.
        Reader text = new InputStreamReader(header, StandardCharsets.UTF_8.newDecoder());
        try (JsonParser parser = JSON.createParser(text)) {
            return new SafetensorsHeader(path, parser).parse();
        } catch (JsonProcessingException e) {
            // Broken limits have no location.
            String place = e.getLocation() == null
                    ? ""
                    : "at character " + e.getLocation().getCharOffset() + ": ";
            throw new WeightsException(path + ": header", place + e.getOriginalMessage(), EXPECTED, e);
        } catch (CharacterCodingException e) {
            throw new WeightsException(path + ": header", "text that is not UTF-8", EXPECTED, e);
        } catch (IOException e) {
            throw new WeightsException(
                    path + ": header", "a file that cannot be read (" + IoReason.of(e) + ")", EXPECTED, e);
        }
    }

    private Content parse() throws IOException {
        expect(parser.nextToken(), JsonToken.START_OBJECT, "header");
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = Map.of();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (name.equals(METADATA)) {
                metadata = metadata();
            } else {
                entries.put(TensorLimits.check(path, name), entry("tensor " + Quoted.of(name)));
                TensorLimits.checkCount(path, entries.size());
            }
        }
        expect(parser.nextToken(), null, "header");
        return new Content(entries, metadata);
    }

    private Map<String, String> metadata() throws IOException {
        // The reference implementation reads this as none.
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return Map.of();
        }
        expect(parser.currentToken(), JsonToken.START_OBJECT, METADATA);
        Map<String, String> metadata = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            expect(parser.nextToken(), JsonToken.VALUE_STRING, METADATA + ": " + Quoted.of(key));
            metadata.put(key, parser.getText());
        }
        return metadata;
    }

    private Entry entry(String field) throws IOException {
        expect(parser.currentToken(), JsonToken.START_OBJECT, field);
        WeightType type = null;
        int[] extents = null;
        long[] offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "dtype" -> type = type(field);
                case "shape" -> extents = extents(field);
                case "data_offsets" -> offsets = numbers(field + ": data_offsets");
                default -> throw wrong(field, "a field " + Quoted.of(key), "dtype, shape and data_offsets");
            }
        }
        if (type == null || extents == null || offsets == null) {
            throw wrong(
                    field,
                    "no " + (type == null ? "dtype" : extents == null ? "shape" : "data_offsets"),
                    "dtype, shape and data_offsets");
        }
        if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
            throw wrong(field + ": data_offsets", Arrays.toString(offsets), "[begin, end] with 0 <= begin <= end");
        }
        String listed = Arrays.toString(extents);
        Shape shape = TensorLimits.shape(extents)
                .orElseThrow(
                        () -> wrong(field + ": shape", listed, "at most " + TensorLimits.MOST_ELEMENTS + " elements"));
        // No overflow: the shape's elements fit an int.
        if (offsets[1] - offsets[0] != shape.elements() * type.bytes()) {
            throw wrong(
                    field + ": data_offsets",
                    offsets[1] - offsets[0] + " bytes",
                    shape.elements() * type.bytes() + " bytes for " + type + " " + shape);
        }
        return new Entry(type, shape, offsets[0], offsets[1]);
    }

    private WeightType type(String field) throws IOException {
        expect(parser.currentToken(), JsonToken.VALUE_STRING, field + ": dtype");
        String name = parser.getText();
        for (WeightType type : WeightType.values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        throw wrong(
                field + ": dtype",
                Quoted.of(name),
                Arrays.stream(WeightType.values()).map(Enum::name).collect(Collectors.joining(", ")));
    }

    private int[] extents(String field) throws IOException {
        long[] numbers = numbers(field + ": shape");
        int[] extents = new int[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] < 0 || numbers[i] > Integer.MAX_VALUE) {
                throw wrong(field + ": shape", "extent " + numbers[i], "0 to " + Integer.MAX_VALUE);
            }
            extents[i] = (int) numbers[i];
        }
        return extents;
    }

    private long[] numbers(String field) throws IOException {
        expect(parser.currentToken(), JsonToken.START_ARRAY, field);
        long[] numbers = new long[TensorLimits.MOST_DIMENSIONS];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, field);
            if (count == numbers.length) {
                throw wrong(field, "more than " + count + " numbers", "at most " + count);
            }
            numbers[count++] = parser.getLongValue();
        }
        return Arrays.copyOf(numbers, count);
    }

    private void expect(JsonToken found, JsonToken expected, String field) {
        if (found != expected) {
            throw wrong(field, JsonReason.describe(found), JsonReason.describe(expected));
        }
    }

    private WeightsException wrong(String field, String found, String expected) {
        return new WeightsException(path + ": " + field, found, expected);
    }
}
