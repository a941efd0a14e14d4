package org.earshot.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.earshot.error.FieldException;
import org.earshot.error.ModelException;
import org.earshot.files.JsonReason;
import org.earshot.files.Quoted;
import org.earshot.files.TextFile;
import org.earshot.files.UnpooledJson;

/**
 * Reads one object of {@code config.json} strictly: every getter checks type and range and names the field in its
 * error, and {@link #finish} refuses the fields that nobody asked for. Getters with a default are for optional fields;
 * all others are required.
 *
 * <p>Not safe for use from several threads.
 */
public final class ConfigSection {
    /** A config with thousands of labels is still far smaller. */
    private static final int LARGEST_FILE = 1 << 20;

    private static final int DEEPEST = 16;
    private static final int LONGEST_NUMBER = 64;

    /** Strict: no duplicates, no comments, no NaN, nothing behind the object. */
    private static final JsonMapper JSON = JsonMapper.builder(UnpooledJson.factory()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxNumberLength(LONGEST_NUMBER)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String subject;
    private final String path;
    private final ObjectNode node;
    private final Set<String> used = new LinkedHashSet<>();
    /** Those too that were only looked for: they are known. */
    private final Set<String> known = new LinkedHashSet<>();

    ConfigSection(String subject, String path, ObjectNode node) {
        this.subject = subject;
        this.path = path;
        this.node = node;
    }

    /**
     * Reads a file that holds one JSON object.
     *
     * @param file the file
     * @return its root
     * @throws ModelException if it cannot be read, is too long, or is no JSON object
     */
    public static ConfigSection read(Path file) {
        try {
            return parse(file.toString(), TextFile.read(file, LARGEST_FILE));
        } catch (TextFile.UnfitException e) {
            throw new ModelException(file, e.getMessage(), "a JSON object: " + e.expected(), e);
        }
    }

    /**
     * Reads a text that is one JSON object.
     *
     * @param subject what messages call it
     * @param text the JSON
     * @return its root
     * @throws ModelException if it is no JSON object
     */
    public static ConfigSection parse(String subject, String text) {
        try {
            JsonNode root = JSON.readTree(text);
            if (root instanceof ObjectNode object) {
                return new ConfigSection(subject, "", object);
            }
            throw new ModelException(subject, describe(root), "a JSON object");
        } catch (JsonProcessingException e) {
            throw new ModelException(subject, JsonReason.of(e), "a JSON object", e);
        }
    }

    /**
     * Asks for a field without reading it.
     *
     * @param field its name
     * @return whether it is there and not null
     */
    public boolean has(String field) {
        known.add(field);
        return node.hasNonNull(field);
    }

    /**
     * Reads a string.
     *
     * @param field its name
     * @return its value, not blank
     * @throws ModelException if it is missing, no string or blank
     */
    public String string(String field) {
        return text(name(field), required(field));
    }

    /**
     * Reads one of several words.
     *
     * @param field its name
     * @param allowed the words
     * @return the one found
     * @throws ModelException if it is missing or none of them
     */
    public String choice(String field, List<String> allowed) {
        String found = string(field);
        if (!allowed.contains(found)) {
            throw wrong(field, Quoted.of(found), "one of " + allowed);
        }
        return found;
    }

    /**
     * Reads one of several words from an optional field.
     *
     * @param field its name
     * @param allowed the words
     * @param absent what a missing field means
     * @return the one found, or {@code absent}
     * @throws ModelException if it is none of them
     */
    public String choice(String field, List<String> allowed, String absent) {
        return isAbsent(field) ? absent : choice(field, allowed);
    }

    /**
     * Reads a constant of an enum, written as its {@code toString} in lower case.
     *
     * @param <E> the enum
     * @param field its name
     * @param type the enum
     * @return the constant
     * @throws ModelException if it is missing or none of the constants
     */
    public <E extends Enum<E>> E choice(String field, Class<E> type) {
        List<String> allowed =
                Stream.of(type.getEnumConstants()).map(ConfigSection::word).toList();
        return type.getEnumConstants()[allowed.indexOf(choice(field, allowed))];
    }

    /**
     * Reads a whole number.
     *
     * @param field its name
     * @param least smallest allowed
     * @param most largest allowed
     * @return its value
     * @throws ModelException if it is missing, no whole number or out of range
     */
    public int integer(String field, int least, int most) {
        return integer(name(field), required(field), least, most);
    }

    /**
     * Reads a whole number from an optional field.
     *
     * @param field its name
     * @param least smallest allowed
     * @param most largest allowed
     * @param absent what a missing field means
     * @return its value, or {@code absent}
     * @throws ModelException if it is no whole number or out of range
     */
    public int integer(String field, int least, int most, int absent) {
        return isAbsent(field) ? absent : integer(field, least, most);
    }

    /**
     * Reads a number.
     *
     * @param field its name
     * @return its value, finite
     * @throws ModelException if it is missing, no number or not finite
     */
    public double number(String field) {
        JsonNode value = required(field);
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw wrong(field, describe(value), "a finite number");
        }
        return value.doubleValue();
    }

    /**
     * Reads a list of different strings.
     *
     * @param field its name
     * @return the strings, at least one, none blank
     * @throws ModelException if it is missing, another type, empty, or holds a string twice
     */
    public List<String> strings(String field) {
        List<String> values = new ArrayList<>();
        for (JsonNode element : elements(field)) {
            values.add(text(name(field) + "[" + values.size() + "]", element));
        }
        Set<String> seen = new LinkedHashSet<>();
        for (String value : values) {
            if (!seen.add(value)) {
                throw wrong(field, Quoted.of(value) + " twice", "different names");
            }
        }
        return List.copyOf(values);
    }

    /**
     * Reads a list of whole numbers.
     *
     * @param field its name
     * @param least smallest allowed
     * @param most largest allowed
     * @return the numbers, at least one
     * @throws ModelException if it is missing, another type, empty, or holds a number out of range
     */
    public List<Integer> integers(String field, int least, int most) {
        List<Integer> values = new ArrayList<>();
        for (JsonNode element : elements(field)) {
            values.add(integer(name(field) + "[" + values.size() + "]", element, least, most));
        }
        return List.copyOf(values);
    }

    /**
     * Reads an object whose fields have free names and string values.
     *
     * @param field its name
     * @return name to value, in the file's order
     * @throws ModelException if it is missing or another type, or a value is no string
     */
    public Map<String, String> stringMap(String field) {
        Map<String, String> values = new LinkedHashMap<>();
        object(field)
                .properties()
                .forEach(entry -> values.put(
                        entry.getKey(), text(name(field) + "." + Quoted.of(entry.getKey()), entry.getValue())));
        return values;
    }

    /**
     * Reads an object.
     *
     * @param field its name
     * @return its reader
     * @throws ModelException if it is missing or no object
     */
    public ConfigSection section(String field) {
        return new ConfigSection(subject, name(field), object(field));
    }

    /**
     * Takes an object unread.
     *
     * @param field its name
     * @return the object, to be read later
     * @throws ModelException if it is missing or no object
     */
    public ConfigObject unread(String field) {
        return new ConfigObject(subject, name(field), object(field));
    }

    /**
     * Reads an object that may be null. The field itself must be there.
     *
     * @param field its name
     * @return its reader, or nothing for null
     * @throws ModelException if it is missing or neither object nor null
     */
    public Optional<ConfigSection> nullableSection(String field) {
        used.add(field);
        if (node.has(field) && node.get(field).isNull()) {
            return Optional.empty();
        }
        return Optional.of(section(field));
    }

    /**
     * Ends the reading.
     *
     * @throws ModelException if there is a field that no getter was called for
     */
    public void finish() {
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            if (used.contains(entry.getKey())) {
                continue;
            }
            if (known.contains(entry.getKey()) && entry.getValue().isNull()) {
                throw wrong(entry.getKey(), "null", "a value, or no such field");
            }
            known.addAll(used);
            throw new ModelException(
                    subject + (path.isEmpty() ? "" : ": " + path),
                    "an unknown field " + Quoted.of(entry.getKey()),
                    known.isEmpty() ? "no fields" : "only the fields " + String.join(", ", known));
        }
    }

    /**
     * Makes the error for a field whose value contradicts something else.
     *
     * @param field its name
     * @param found what was found there
     * @param expected what would have been right
     * @return the exception, to be thrown by the caller
     */
    public ModelException wrong(String field, String found, String expected) {
        return failure(name(field), found, expected);
    }

    /**
     * Makes the error for a field that whatever it was read for refused.
     *
     * @param refusal names a field of this object
     * @return the exception, to be thrown by the caller
     */
    public ModelException wrong(FieldException refusal) {
        return new ModelException(subject + ": " + name(refusal.field()), refusal.found(), refusal.expected(), refusal);
    }

    /**
     * How an enum's constant is written in a configuration.
     *
     * @param constant the constant
     * @return its {@code toString} in lower case
     */
    public static String word(Enum<?> constant) {
        return constant.toString().toLowerCase(Locale.ROOT);
    }

    private ModelException failure(String name, String found, String expected) {
        return new ModelException(subject + ": " + name, found, expected);
    }

    private String name(String field) {
        return path.isEmpty() ? field : path + "." + field;
    }

    private boolean isAbsent(String field) {
        used.add(field);
        return !node.has(field);
    }

    private JsonNode required(String field) {
        if (isAbsent(field)) {
            throw wrong(field, "nothing", "the field, it is required");
        }
        return node.get(field);
    }

    private ObjectNode object(String field) {
        JsonNode value = required(field);
        if (value instanceof ObjectNode object) {
            return object;
        }
        throw wrong(field, describe(value), "an object");
    }

    private JsonNode elements(String field) {
        JsonNode value = required(field);
        if (!value.isArray() || value.isEmpty()) {
            throw wrong(field, describe(value), "a list with at least one element");
        }
        return value;
    }

    private String text(String name, JsonNode value) {
        if (!value.isTextual() || value.textValue().isBlank()) {
            throw failure(name, describe(value), "a string that is not blank");
        }
        return value.textValue();
    }

    private int integer(String name, JsonNode value, int least, int most) {
        if (!value.isIntegralNumber()
                || !value.canConvertToInt()
                || value.intValue() < least
                || value.intValue() > most) {
            throw failure(name, describe(value), "a whole number from " + least + " to " + most);
        }
        return value.intValue();
    }

    private static String describe(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT -> "an object";
            case ARRAY -> value.isEmpty() ? "an empty list" : "a list";
            case STRING -> "the string " + Quoted.of(value.textValue());
            case NUMBER -> "the number " + value.asText();
            case BOOLEAN -> value.asText();
            case NULL -> "null";
            case MISSING -> "nothing";
            case BINARY, POJO -> value.getNodeType().name();
        };
    }
}
