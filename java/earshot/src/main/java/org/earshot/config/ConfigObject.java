package org.earshot.config;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * An object of {@code config.json} that is kept, to be read by whoever knows its fields. Immutable: every reading
 * starts anew.
 */
public final class ConfigObject {
    private final String subject;
    private final String path;
    private final ObjectNode node;

    ConfigObject(String subject, String path, ObjectNode node) {
        this.subject = subject;
        this.path = path;
        this.node = node.deepCopy();
    }

    /**
     * Begins to read it.
     *
     * @return a reader that has not been asked for any field
     */
    public ConfigSection section() {
        return new ConfigSection(subject, path, node);
    }

    /**
     * The object as JSON.
     *
     * @return a copy
     */
    public ObjectNode json() {
        return node.deepCopy();
    }
}
