package org.earshot.weights;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.earshot.files.Quoted;
import org.earshot.layer.Shape;

/** Says in at most a screen why weights do not fit a network, what explains most first. */
final class Misfit {
    /** Lines of one list. */
    private static final int LONGEST_LIST = 4;

    private static final int LONGEST_NAME = 100;
    private static final String NEW_LINE = System.lineSeparator();

    private final Weights weights;
    private final Map<String, Shape> missing;
    private final Map<String, String> misshapen;
    private final Set<String> unknown;
    private final Set<String> unexpected;
    private final Set<String> used;
    private final List<Finding> findings = new ArrayList<>();

    private record Finding(int count, String text) {}

    /**
     * Prepares a message.
     *
     * @param missing with the shapes asked for, or null
     * @param misshapen with what is wrong
     * @param unknown tensors that sizes would have been read from
     * @param unexpected names that nobody asked for
     * @param used names that were asked for
     */
    Misfit(
            Weights weights,
            Map<String, Shape> missing,
            Map<String, String> misshapen,
            Set<String> unknown,
            Set<String> unexpected,
            Set<String> used) {
        this.weights = weights;
        this.missing = missing;
        this.misshapen = new LinkedHashMap<>(misshapen);
        this.unknown = unknown;
        this.unexpected = unexpected;
        this.used = used;
    }

    String describe() {
        if (!unknown.isEmpty()) {
            // The sizes that they should have had were read from nothing.
            misshapen
                    .entrySet()
                    .removeIf(entry -> !unknown.contains(entry.getKey())
                            && !entry.getValue().startsWith(WeightBinder.TYPE));
        }
        add("missing", missing.keySet(), this::describeMissing);
        add("wrongly shaped", misshapen.keySet(), name -> name + ": found " + misshapen.get(name));
        add("unexpected", unexpected, name -> Quoted.of(name) + " " + shape(name));
        findings.sort(Comparator.comparingInt(Finding::count).reversed());
        StringBuilder text = new StringBuilder("weights that do not fit");
        weights.notes().stream()
                .limit(2)
                .forEach(note -> text.append(NEW_LINE).append("  ").append(note));
        hint(text);
        findings.forEach(finding -> text.append(finding.text()));
        return text.toString();
    }

    private Shape shape(String name) {
        return weights.tensors().get(name).shape();
    }

    private void hint(StringBuilder text) {
        Map<String, Shape> left = new LinkedHashMap<>();
        unexpected.forEach(name -> left.put(name, shape(name)));
        Set<String> right = new LinkedHashSet<>(used);
        right.retainAll(weights.tensors().keySet());
        RenamingHints.Hint hint = RenamingHints.of(missing, left, right, !unknown.isEmpty());
        if (hint == null) {
            return;
        }
        text.append(NEW_LINE)
                .append("  this key map (--key-map FILE) would mend ")
                .append(hint.complete() && misshapen.isEmpty() ? "it" : hint.renamed() + " names")
                .append(':')
                .append(NEW_LINE)
                .append("    ")
                .append(hint.keyMap());
    }

    private String describeMissing(String name) {
        Shape shape = missing.get(name);
        return cut(name) + (shape == null ? "" : " " + shape) + nearest(name);
    }

    private String nearest(String name) {
        List<String> nearest = NearestNames.of(name, unexpected);
        if (nearest.isEmpty()) {
            return "";
        }
        return ", nearest: " + Quoted.of(nearest.get(0));
    }

    private static String cut(String name) {
        return name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + "..." : name;
    }

    private void add(String title, Set<String> names, UnaryOperator<String> line) {
        if (names.isEmpty()) {
            return;
        }
        StringBuilder text = new StringBuilder();
        text.append(NEW_LINE)
                .append("  ")
                .append(title)
                .append(" (")
                .append(names.size())
                .append("):");
        List<List<String>> groups =
                names.size() <= LONGEST_LIST ? names.stream().map(List::of).toList() : groups(names);
        groups.stream().limit(LONGEST_LIST).forEach(group -> {
            text.append(NEW_LINE).append("    ");
            if (group.size() > 1) {
                text.append(cut(start(group.get(0))))
                        .append("* (")
                        .append(group.size())
                        .append("), such as ");
            }
            text.append(line.apply(group.get(0)));
        });
        int shown = groups.stream().limit(LONGEST_LIST).mapToInt(List::size).sum();
        if (shown < names.size()) {
            text.append(NEW_LINE)
                    .append("    ... and ")
                    .append(names.size() - shown)
                    .append(" more");
        }
        findings.add(new Finding(names.size(), text.toString()));
    }

    /** Names by what they begin with, the most first. */
    private static List<List<String>> groups(Set<String> names) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        Function<String, List<String>> none = start -> new ArrayList<>();
        names.forEach(name -> groups.computeIfAbsent(start(name), none).add(name));
        return groups.values().stream()
                .sorted(Comparator.comparingInt((List<String> group) -> group.size())
                        .reversed())
                .toList();
    }

    /** The first segment of a name with its dot, or all of a name without one. */
    private static String start(String name) {
        return name.substring(0, name.indexOf('.') + 1).isEmpty() ? name : name.substring(0, name.indexOf('.') + 1);
    }
}
