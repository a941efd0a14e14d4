package org.earshot.dataset;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A model's labels, found by how people write them: case does not matter, nor how words are joined. */
public final class SceneLabels {
    private final Map<String, String> labels = new LinkedHashMap<>();

    /**
     * Takes the labels.
     *
     * @param labels the model's
     */
    public SceneLabels(List<String> labels) {
        labels.forEach(label -> this.labels.putIfAbsent(key(label), label));
    }

    /**
     * The label that a word of the metadata means.
     *
     * @param word such as {@code shopping_mall}
     * @return such as {@code Shopping mall}; empty if the model has none like it
     */
    public Optional<String> find(String word) {
        return Optional.ofNullable(labels.get(key(word)));
    }

    private static String key(String label) {
        return label.strip().toLowerCase(Locale.ROOT).replace('_', ' ').replace('-', ' ');
    }
}
