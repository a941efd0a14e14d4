package org.earshot.cli.commands;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.earshot.dataset.SceneLabels;

/**
 * Accuracy of answers whose truth is known (tools/reference/spec/models.md, "Metric"): of all, and the mean of the
 * classes' recalls.
 */
final class Accuracy {
    private static final double PERCENT = 100;

    private final SceneLabels labels;
    /** By label: right answers, all answers. */
    private final Map<String, int[]> counts = new LinkedHashMap<>();

    Accuracy(List<String> labels) {
        this.labels = new SceneLabels(labels);
    }

    /** The model's label that a word of the metadata means. */
    Optional<String> label(String word) {
        return labels.find(word);
    }

    /** Counts an answer; both are labels of the model. */
    void add(String truth, String answer) {
        int[] count = counts.computeIfAbsent(truth, label -> new int[2]);
        count[0] += truth.equals(answer) ? 1 : 0;
        count[1]++;
    }

    /** One line, or empty if nothing was counted. */
    Optional<String> summary() {
        if (counts.isEmpty()) {
            return Optional.empty();
        }
        int right = counts.values().stream().mapToInt(count -> count[0]).sum();
        int all = counts.values().stream().mapToInt(count -> count[1]).sum();
        double macro = counts.values().stream()
                .mapToDouble(count -> (double) count[0] / count[1])
                .average()
                .orElseThrow();
        return Optional.of(String.format(
                Locale.ROOT,
                "accuracy %.1f %% (%d of %d), macro accuracy %.1f %% (%d classes)",
                PERCENT * right / all,
                right,
                all,
                PERCENT * macro,
                counts.size()));
    }
}
