package org.earshot.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.earshot.files.UnpooledJson;
import org.earshot.layer.Shape;

/**
 * Finds a key map that would make names fit. Wherever a missing and an unexpected tensor of the same shape have similar
 * names, what differs between them is a rule that may hold for others too; the rule that explains most is taken, then
 * the one that explains most of the rest. If then nothing is missing any more, the rest is proposed to be left out.
 */
final class RenamingHints {
    private static final int MOST_RULES = 5;
    private static final int MOST_NAMES = 400;
    private static final int NEAREST = 3;
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final JsonFactory JSON = UnpooledJson.factory().build();

    private final Map<String, Shape> missing;
    private final Map<String, Shape> unexpected;
    private final Set<String> right;
    private final boolean guessed;
    private final Map<String, String> rules = new LinkedHashMap<>();
    private int renamed;

    private record Rule(Pattern pattern, String replacement) {
        String apply(String name) {
            return pattern.matcher(name).replaceAll(replacement);
        }
    }

    private RenamingHints(
            Map<String, Shape> missing, Map<String, Shape> unexpected, Set<String> right, boolean guessed) {
        this.guessed = guessed;
        this.missing = limited(missing);
        this.unexpected = limited(unexpected);
        this.right = right;
    }

    private static Map<String, Shape> limited(Map<String, Shape> names) {
        Map<String, Shape> limited = new LinkedHashMap<>();
        names.entrySet().stream().limit(MOST_NAMES).forEach(name -> limited.put(name.getKey(), name.getValue()));
        return limited;
    }

    /**
     * What would help.
     *
     * @param keyMap one JSON object, as {@link KeyMap} reads it
     * @param renamed tensors that it makes fit
     * @param complete whether nothing is missing or left over then
     */
    record Hint(String keyMap, int renamed, boolean complete) {}

    /**
     * Looks for rules.
     *
     * @param missing names that a network asks for, with their shapes
     * @param unexpected names that a file has besides, with their shapes
     * @param right names that must stay as they are
     * @param guessed whether the extents of missing tensors are guesses, so that only the number of dimensions counts
     * @return the rules, or null if there are none
     */
    static Hint of(Map<String, Shape> missing, Map<String, Shape> unexpected, Set<String> right, boolean guessed) {
        boolean all = missing.size() <= MOST_NAMES && unexpected.size() <= MOST_NAMES;
        RenamingHints hints = new RenamingHints(missing, unexpected, right, guessed);
        while (hints.rules.size() < MOST_RULES && hints.takeBest()) {
            // One more.
        }
        boolean complete = all && hints.missing.isEmpty() && hints.dropRest();
        return hints.rules.isEmpty() ? null : new Hint(json(hints.rules), hints.renamed, complete);
    }

    private boolean takeBest() {
        Rule best = null;
        Map<String, String> bestNames = Map.of();
        for (Rule rule : candidates()) {
            Map<String, String> names = explained(rule);
            if (names.size() > bestNames.size()) {
                best = rule;
                bestNames = names;
            }
        }
        if (best == null) {
            return false;
        }
        rules.put(best.pattern().pattern(), best.replacement());
        bestNames.forEach((name, target) -> {
            unexpected.remove(name);
            missing.remove(target);
        });
        renamed += bestNames.size();
        return true;
    }

    /** The names that a rule makes fit, with what they become; none if it spoils one that fits already. */
    private Map<String, String> explained(Rule rule) {
        if (right.stream().anyMatch(name -> rule.pattern().matcher(name).find())) {
            return Map.of();
        }
        Map<String, String> names = new LinkedHashMap<>();
        Set<String> targets = new HashSet<>();
        Set<String> numberless = new HashSet<>();
        unexpected.forEach((name, shape) -> {
            String target = rule.apply(name);
            if (form(shape).equals(form(missing.get(target))) && targets.add(target)) {
                names.put(name, target);
                numberless.add(numberless(target));
            }
        });
        // Of numbered modules that all have foreign names only the first is known to be missing.
        unexpected.keySet().forEach(name -> {
            String target = rule.apply(name);
            if (!target.equals(name) && numberless.contains(numberless(target)) && targets.add(target)) {
                names.put(name, target);
            }
        });
        return names;
    }

    /** What two tensors must have in common to be the same one: extents, or their number where those are guesses. */
    private Object form(Shape shape) {
        return shape == null ? "none" : guessed ? (Object) shape.rank() : shape;
    }

    private static String numberless(String name) {
        return NUMBER.matcher(name).replaceAll("#");
    }

    private Collection<Rule> candidates() {
        Map<String, Rule> candidates = new LinkedHashMap<>();
        Map<Object, List<String>> byForm =
                unexpected.keySet().stream().collect(Collectors.groupingBy(name -> form(unexpected.get(name))));
        missing.forEach((name, shape) -> {
            List<String> same = byForm.getOrDefault(form(shape), List.of());
            for (String other : NearestNames.sorted(name, same, NEAREST)) {
                for (Rule rule : difference(other.split("\\.", -1), name.split("\\.", -1))) {
                    candidates.putIfAbsent(rule.pattern() + " " + rule.replacement(), rule);
                }
            }
        });
        return candidates.values();
    }

    /** What turns one name into the other: the segments between those they begin and end with in common. */
    private static List<Rule> difference(String[] from, String[] to) {
        int shorter = Math.min(from.length, to.length);
        int start = 0;
        while (start < shorter && from[start].equals(to[start])) {
            start++;
        }
        int end = 0;
        while (end < shorter - start && from[from.length - 1 - end].equals(to[to.length - 1 - end])) {
            end++;
        }
        String old = joined(from, start, from.length - end);
        String fresh = joined(to, start, to.length - end);
        boolean last = end == 0;
        if (last && (old.isEmpty() || fresh.isEmpty())) {
            return List.of(); // Names that end differently in number of segments have nothing to do with each other.
        }
        // The dots on both sides belong to the rule, so that it meets whole segments only. Where one name has segments
        // more, the dot behind them goes or comes with them.
        String before = start == 0 ? "^" : "\\.";
        String left = start == 0 ? "" : ".";
        String after = last ? "$" : old.isEmpty() ? "" : "\\.";
        String rest = last || fresh.isEmpty() ? "" : ".";
        List<Rule> rules = new ArrayList<>();
        general(old, fresh)
                .ifPresent(
                        pair -> rules.add(new Rule(Pattern.compile(before + pair[0] + after), left + pair[1] + rest)));
        rules.add(
                new Rule(Pattern.compile(before + quoted(old) + after), left + Matcher.quoteReplacement(fresh) + rest));
        return rules;
    }

    /** With any number in place of the numbers, where both have the same ones in the same order. */
    private static Optional<String[]> general(String old, String fresh) {
        List<String> numbers = numbers(old);
        if (numbers.isEmpty() || numbers.size() > 9 || !numbers.equals(numbers(fresh))) {
            return Optional.empty();
        }
        StringBuilder pattern = new StringBuilder();
        StringBuilder replacement = new StringBuilder();
        Matcher inOld = NUMBER.matcher(old);
        Matcher inFresh = NUMBER.matcher(fresh);
        int oldEnd = 0;
        int freshEnd = 0;
        for (int group = 1; inOld.find() && inFresh.find(); group++) {
            pattern.append(quoted(old.substring(oldEnd, inOld.start()))).append("(\\d+)");
            replacement
                    .append(Matcher.quoteReplacement(fresh.substring(freshEnd, inFresh.start())))
                    .append('$')
                    .append(group);
            oldEnd = inOld.end();
            freshEnd = inFresh.end();
        }
        pattern.append(quoted(old.substring(oldEnd)));
        replacement.append(Matcher.quoteReplacement(fresh.substring(freshEnd)));
        return Optional.of(new String[] {pattern.toString(), replacement.toString()});
    }

    private static List<String> numbers(String text) {
        return NUMBER.matcher(text).results().map(result -> result.group()).toList();
    }

    private static String joined(String[] segments, int from, int to) {
        return String.join(".", List.of(segments).subList(from, to));
    }

    /** The text as a regular expression that people can read. */
    private static String quoted(String text) {
        return text.replaceAll("[^A-Za-z0-9_]", "\\\\$0");
    }

    /** Proposes to leave out what is left; false if that takes too many rules. */
    private boolean dropRest() {
        Set<String> kept = new HashSet<>(right);
        Map<String, String> drops = new LinkedHashMap<>();
        for (String name : new LinkedHashSet<>(unexpected.keySet())) {
            int dot = name.indexOf('.');
            String group = dot < 0 ? null : "^" + quoted(name.substring(0, dot)) + "\\.";
            boolean whole = group == null
                    || kept.stream().anyMatch(Pattern.compile(group).asPredicate());
            drops.put(whole ? "^" + quoted(name) + "$" : group, null);
        }
        if (drops.size() + rules.size() > MOST_RULES) {
            return false;
        }
        // First: a rule that renames may otherwise have changed the name that is to be left out.
        Map<String, String> renames = new LinkedHashMap<>(rules);
        rules.clear();
        rules.putAll(drops);
        rules.putAll(renames);
        return true;
    }

    private static String json(Map<String, String> rules) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            for (Map.Entry<String, String> rule : rules.entrySet()) {
                json.writeStringField(rule.getKey(), rule.getValue());
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // A StringWriter throws none.
        }
        return text.toString();
    }
}
