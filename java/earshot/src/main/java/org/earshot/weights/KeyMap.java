package org.earshot.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.earshot.error.WeightsException;
import org.earshot.files.JsonReason;
import org.earshot.files.Quoted;
import org.earshot.files.TextFile;
import org.earshot.files.UnpooledJson;

/**
 * Renames tensors: regular expressions and their replacements, applied to every name in order, each to what the one
 * before left. Every match in a name is replaced; {@code ^} and {@code $} pin one to the whole name. Both are written
 * as Java has them ({@code $1} is the first group). Null in place of a replacement leaves out the tensors in whose name
 * the expression is found.
 */
public final class KeyMap {
    private static final int LARGEST_FILE = 1 << 20;
    private static final int LONGEST_RULE = 1000;
    private static final int MOST_RULES = 1000;

    private static final JsonFactory JSON = UnpooledJson.factory()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final KeyMap IDENTITY = new KeyMap(List.of());

    private final List<Rule> rules;

    /** The replacement is null for tensors to be left out. */
    private record Rule(String source, Pattern pattern, String replacement) {
        /** What messages about it begin with. */
        String subject() {
            return source + ": " + Quoted.of(pattern.pattern());
        }
    }

    private KeyMap(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /**
     * The map that changes nothing.
     *
     * @return it
     */
    public static KeyMap identity() {
        return IDENTITY;
    }

    /**
     * Whether this map changes nothing.
     *
     * @return true if it has no rules
     */
    public boolean isIdentity() {
        return rules.isEmpty();
    }

    /**
     * Reads a map from a file.
     *
     * @param path a JSON object from regular expression to replacement or null
     * @return the map
     * @throws WeightsException if it cannot be read or is not that
     */
    public static KeyMap read(Path path) {
        try {
            return parse(path.toString(), TextFile.read(path, LARGEST_FILE));
        } catch (TextFile.UnfitException e) {
            throw new WeightsException(path, e.getMessage(), "a key map: " + e.expected(), e);
        }
    }

    /**
     * Reads a map from a text.
     *
     * @param json a JSON object from regular expression to replacement or null
     * @return the map
     * @throws WeightsException if it is not that
     */
    public static KeyMap parse(String json) {
        return parse("key map", json);
    }

    private static KeyMap parse(String source, String json) {
        List<Rule> rules = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new WeightsException(source, "no JSON object", "one from regular expression to replacement");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String pattern = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value != JsonToken.VALUE_STRING && value != JsonToken.VALUE_NULL) {
                    throw new WeightsException(
                            source + ": " + Quoted.of(pattern),
                            "a value that is no string",
                            "a replacement, or null to leave tensors out");
                }
                if (rules.size() == MOST_RULES) {
                    throw new WeightsException(source, "more than " + MOST_RULES + " rules", "at most as many");
                }
                rules.add(rule(source, pattern, value == JsonToken.VALUE_NULL ? null : parser.getText()));
            }
            if (parser.nextToken() != null) {
                throw new WeightsException(source, "text behind the object", "one JSON object");
            }
        } catch (JsonProcessingException e) {
            throw new WeightsException(
                    source,
                    "no JSON (" + JsonReason.of(e) + ")",
                    "an object from regular expression to replacement",
                    e);
        } catch (IOException e) {
            throw new IllegalStateException(e); // A string does not fail to be read.
        }
        return new KeyMap(rules);
    }

    /**
     * The same map, which then also leaves tensors out.
     *
     * @param regex is looked for in the names, as the file has them and as they become
     * @return a new map
     * @throws WeightsException if it is no regular expression
     */
    public KeyMap dropping(String regex) {
        List<Rule> all = new ArrayList<>(rules);
        all.add(rule("tensors to be left out", regex, null));
        return new KeyMap(all);
    }

    private static Rule rule(String source, String pattern, String replacement) {
        String subject = source + ": " + Quoted.of(pattern);
        if (pattern.length() > LONGEST_RULE || (replacement != null && replacement.length() > LONGEST_RULE)) {
            throw new WeightsException(
                    subject, "a rule of more than " + LONGEST_RULE + " characters", "at most as many");
        }
        try {
            return new Rule(source, Pattern.compile(pattern), replacement);
        } catch (PatternSyntaxException e) {
            throw new WeightsException(
                    subject, e.getDescription() + " near character " + e.getIndex(), "a regular expression", e);
        }
    }

    /**
     * Renames all tensors, and leaves out those that rules with null say.
     *
     * @param weights what a file holds
     * @return the same tensors under their new names; its notes say what was left out
     * @throws WeightsException if two get the same name, or a rule fails or takes too long on a name
     */
    public Weights apply(Weights weights) {
        if (rules.isEmpty()) {
            return weights;
        }
        CountedText.Budget budget = new CountedText.Budget();
        Map<String, WeightTensor> renamed = new LinkedHashMap<>();
        Map<String, String> before = new LinkedHashMap<>();
        Map<Rule, Integer> dropped = new LinkedHashMap<>();
        rules.stream().filter(rule -> rule.replacement() == null).forEach(rule -> dropped.put(rule, 0));
        weights.tensors().forEach((name, tensor) -> {
            String mapped = map(name, budget, dropped);
            if (mapped == null) {
                return;
            }
            renamed.put(TensorLimits.check(weights.source(), mapped), tensor);
            String other = before.put(mapped, name);
            if (other != null) {
                throw new WeightsException(
                        weights.source() + ", " + rules.get(0).source(),
                        Quoted.of(other) + " and " + Quoted.of(name) + " both renamed to " + Quoted.of(mapped),
                        "different names");
            }
        });
        List<String> leftOut = dropped.entrySet().stream()
                .map(rule -> count(rule.getValue()) + ", in whose name "
                        + Quoted.of(rule.getKey().pattern().pattern()) + " is found")
                .toList();
        return LoadedWeights.renamed(weights, renamed, leftOut, List.of());
    }

    private static String count(int tensors) {
        return tensors == 0 ? "no tensor" : tensors == 1 ? "1 tensor" : tensors + " tensors";
    }

    /** The new name, or null if the tensor is left out. */
    private String map(String name, CountedText.Budget budget, Map<Rule, Integer> dropped) {
        String mapped = name;
        for (Rule rule : rules) {
            if (rule.replacement() == null) {
                if (matches(rule, name, budget) || (!mapped.equals(name) && matches(rule, mapped, budget))) {
                    dropped.merge(rule, 1, Integer::sum);
                    return null;
                }
            } else {
                mapped = replace(rule, mapped, budget);
            }
        }
        return mapped;
    }

    private static boolean matches(Rule rule, String name, CountedText.Budget budget) {
        return replace(rule, name, budget, null) == null;
    }

    private static String replace(Rule rule, String name, CountedText.Budget budget) {
        return replace(rule, name, budget, new StringBuilder());
    }

    /** Replaces all matches by means of a buffer; without one returns null if there is a match. */
    private static String replace(Rule rule, String name, CountedText.Budget budget, StringBuilder buffer) {
        CountedText text = new CountedText(name);
        try {
            Matcher matcher = rule.pattern().matcher(text);
            boolean found = matcher.find();
            while (found && buffer != null) {
                matcher.appendReplacement(buffer, rule.replacement());
                requireShort(rule, buffer.length());
                found = matcher.find();
            }
            budget.take(text);
            if (buffer == null) {
                return found ? null : name;
            }
            matcher.appendTail(buffer);
        } catch (CountedText.ExhaustedException e) {
            throw new WeightsException(
                    rule.subject(),
                    "too many steps on the name " + Quoted.of(name),
                    "a pattern that backtracks less, or fewer rules",
                    e);
        } catch (StackOverflowError e) {
            // Repeated groups are matched by calls within calls.
            throw new WeightsException(
                    rule.subject(),
                    "too deep a search in the name " + Quoted.of(name),
                    "a pattern without repeated groups within groups",
                    e);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new WeightsException(
                    rule.subject(),
                    "the replacement " + Quoted.of(rule.replacement()) + " (" + e.getMessage() + ")",
                    "only groups that the pattern has",
                    e);
        }
        requireShort(rule, buffer.length());
        return buffer.toString();
    }

    private static void requireShort(Rule rule, int length) {
        if (length > LONGEST_RULE) {
            throw new WeightsException(
                    rule.subject(), "a new name of " + length + " characters", "at most " + LONGEST_RULE);
        }
    }
}
