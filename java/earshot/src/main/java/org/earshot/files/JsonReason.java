package org.earshot.files;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;

/** What is wrong with JSON, in one line: Jackson's own message has a second one about its settings. */
public final class JsonReason {
    private JsonReason() {}

    /**
     * Words a failure.
     *
     * @param e what was thrown
     * @return such as {@code line 3, column 7: Duplicate field 'a'}
     */
    public static String of(JsonProcessingException e) {
        JsonLocation location = e.getLocation();
        // Broken limits have none.
        String place =
                location == null ? "" : "line " + location.getLineNr() + ", column " + location.getColumnNr() + ": ";
        return place + e.getOriginalMessage();
    }

    /**
     * Says what stands where something else was expected.
     *
     * @param token as a parser has it; null at the end
     * @return such as {@code a list}
     */
    public static String describe(JsonToken token) {
        if (token == null) {
            return "the end";
        }
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT -> "a whole number";
            case VALUE_NUMBER_FLOAT -> "a fraction";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NULL -> "null";
            case END_OBJECT, END_ARRAY, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> token.name();
        };
    }
}
