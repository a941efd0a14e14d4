package org.earshot.server.inference;

import java.util.Map;
import org.earshot.files.Quoted;
import org.earshot.server.service.RequestException;

/**
 * The parameters of an input.
 *
 * @param own those that it has itself
 * @param common those of the request, which hold where it has none
 */
record Parameters(Map<String, Object> own, Map<String, Object> common) {
    /** A text, or null if there is none of that name. */
    String text(String name) {
        Object value = value(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw RequestException.invalid("parameter " + name, Quoted.of(value.toString()), "a text");
    }

    /** A positive number that has to be there. */
    int integer(String name) {
        Object value = value(name);
        if (value instanceof Number number && number.doubleValue() == number.intValue() && number.intValue() > 0) {
            return number.intValue();
        }
        throw RequestException.invalid(
                "parameter " + name, value == null ? "none" : Quoted.of(value.toString()), "a positive integer");
    }

    private Object value(String name) {
        Object value = own.get(name);
        return value == null ? common.get(name) : value;
    }
}
