package org.earshot.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What an editor shows of the properties. */
class MetadataTest {
    private static JsonNode metadata() throws IOException {
        try (InputStream in =
                EarshotProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            assertNotNull(in, "the annotation processor did not run");
            return new ObjectMapper().readTree(in);
        }
    }

    private static String dashed(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
    }

    /** The properties that records have, with their types. */
    private static void collect(String prefix, Class<?> of, Map<String, String> types) {
        for (RecordComponent component : of.getRecordComponents()) {
            String name = prefix + "." + dashed(component.getName());
            if (component.getType().isRecord()) {
                collect(name, component.getType(), types);
            } else {
                types.put(name, boxed(component));
            }
        }
    }

    private static String boxed(RecordComponent component) {
        return switch (component.getGenericType().getTypeName()) {
            case "int" -> "java.lang.Integer";
            case "boolean" -> "java.lang.Boolean";
            default -> component.getGenericType().getTypeName();
        };
    }

    @Test
    void everyPropertyHasTypeAndDescription() throws IOException {
        Map<String, String> expected = new TreeMap<>();
        collect("earshot", EarshotProperties.class, expected);
        Map<String, String> found = new TreeMap<>();
        for (JsonNode property : metadata().get("properties")) {
            String name = property.get("name").asText();
            found.put(name, property.get("type").asText());
            String description = property.path("description").asText();
            assertFalse(description.isBlank(), name + " has no description");
            assertFalse(description.contains("{@") || description.contains("<"), name + ": " + description);
            assertTrue(description.endsWith("."), name + ": " + description);
        }
        assertEquals(expected, found);
    }

    @Test
    void defaultsAreSaid() throws IOException {
        Map<String, String> defaults = new TreeMap<>();
        for (JsonNode property : metadata().get("properties")) {
            if (property.has("defaultValue")) {
                defaults.put(
                        property.get("name").asText(),
                        property.get("defaultValue").asText());
            }
        }
        assertEquals(
                Map.of(
                        "earshot.backend", "auto",
                        "earshot.precision", "float32",
                        "earshot.warm-up", "true",
                        "earshot.replaceable", "false",
                        "earshot.batching.max-size", "8",
                        "earshot.batching.max-delay", "5ms",
                        "earshot.batching.max-queue", "64",
                        "earshot.audio.strict", "false"),
                defaults);
    }
}
