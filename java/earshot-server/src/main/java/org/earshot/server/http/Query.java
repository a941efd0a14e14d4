package org.earshot.server.http;

import java.util.List;
import org.earshot.files.Quoted;
import org.earshot.server.service.RequestException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;

/** The parameters of a request's query. */
final class Query {
    private final Fields fields;

    private Query(Fields fields) {
        this.fields = fields;
    }

    /**
     * Reads the query of a request.
     *
     * @throws RequestException if it cannot be read
     */
    static Query of(Request request) {
        try {
            return new Query(Request.extractQueryParameters(request));
        } catch (RuntimeException e) {
            // Jetty has one exception for percent signs, and another for bytes that are no UTF-8.
            throw RequestException.invalid(
                    "query",
                    Quoted.of(request.getHttpURI().getQuery()),
                    "names and values in UTF-8, a percent sign as %25");
        }
    }

    /** A parameter, or null. */
    String value(String name) {
        return fields.getValue(name);
    }

    /**
     * Refuses parameters that mean nothing here, as a misspelt city would else be none, and those that are given more
     * than once, of which one would count without a word.
     *
     * @param known what means something
     */
    void requireOnly(List<String> known) {
        for (Fields.Field field : fields) {
            requireKnown("query", field.getName(), known);
            if (field.getValues().size() > 1) {
                throw twice("query", field.getName());
            }
        }
    }

    /**
     * Refuses a name that means nothing.
     *
     * @param place where it stands
     */
    static void requireKnown(String place, String name, List<String> known) {
        if (name == null || !known.contains(name)) {
            throw RequestException.invalid(
                    place, name == null ? "a part without a name" : Quoted.of(name), String.join(", ", known));
        }
    }

    /** What is thrown of a name that stands in a place more than once. */
    static RequestException twice(String place, String name) {
        return RequestException.invalid(place + ": " + name, "it more than once", "one");
    }
}
