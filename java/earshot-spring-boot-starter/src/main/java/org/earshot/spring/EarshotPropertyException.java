package org.earshot.spring;

import java.util.List;

/** A classifier that cannot be made of the properties as they are. {@link EarshotFailureAnalyzer} shows it. */
final class EarshotPropertyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final List<String> properties;
    private final String action;

    /**
     * Creates the exception.
     *
     * @param properties that it is the matter of, canonical names, the most likely first
     * @param problem what was found, and what is expected
     * @param action what to do
     * @param cause or null
     */
    EarshotPropertyException(List<String> properties, String problem, String action, Throwable cause) {
        super(String.join(", ", properties) + ": " + problem, cause);
        this.properties = List.copyOf(properties);
        this.action = action;
    }

    List<String> properties() {
        return properties;
    }

    String action() {
        return action;
    }
}
