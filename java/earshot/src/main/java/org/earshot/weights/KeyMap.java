package org.earshot.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.earshot.WeightsException;
import org.earshot.files.Quoted;
import org.earshot.files.UnpooledJson;

/**
 * Renames tensors: regular expressions and their replacements, applied to every name in order, each to what the one
 * before left. Every match in a name is replaced; {@code ^} and {@code $} pin one to the whole name. Both are written
 * as Java has them ({@code $1} is the first group).
 */
public final class KeyMap {
    private static final int LARGEST_FILE = 1 << 20;
    private static final int LONGEST_RULE = 1000;

    private static final JsonFactory JSON = UnpooledJson.factory()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final KeyMap IDENTITY = new KeyMap("no key map", List.of());

    private final String source;
    private final List<Rule> rules;

    private record Rule(Pattern pattern, String replacement) {}

    private KeyMap(String source, List<Rule> rules) {
        this.source = source;
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
     * Reads a map from a file.
     *
     * @param path a JSON object from regular expression to replacement
     * @return the map
     * @throws WeightsException if it cannot be read or is not that
     */
    public static KeyMap read(Path path) {
        try {
            if (Files.size(path) > LARGEST_FILE) {
                throw new WeightsException(path, Files.size(path) + " bytes", "a key map, at most " + LARGEST_FILE);
            }
            return parse(path.toString(), Files.readString(path));
        } catch (IOException e) {
            throw new WeightsException(path, "a key map that cannot be read (" + e + ")", "a JSON file", e);
        }
    }

    /**
     * Reads a map from a text.
     *
     * @param json a JSON object from regular expression to replacement
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
                if (parser.nextToken() != JsonToken.VALUE_STRING) {
                    throw new WeightsException(
                            source + ": " + Quoted.of(pattern), "a value that is no string", "a replacement");
                }
                rules.add(rule(source, pattern, parser.getText()));
            }
            if (parser.nextToken() != null) {
                throw new WeightsException(source, "text behind the object", "one JSON object");
            }
        } catch (IOException e) {
            throw new WeightsException(
                    source, "no JSON (" + e.getMessage() + ")", "an object from regular expression to replacement", e);
        }
        return new KeyMap(source, rules);
    }

    private static Rule rule(String source, String pattern, String replacement) {
        String subject = source + ": " + Quoted.of(pattern);
        if (pattern.length() > LONGEST_RULE || replacement.length() > LONGEST_RULE) {
            throw new WeightsException(
                    subject, "a rule of more than " + LONGEST_RULE + " characters", "at most as many");
        }
        try {
            return new Rule(Pattern.compile(pattern), replacement);
        } catch (PatternSyntaxException e) {
            throw new WeightsException(
                    subject, e.getDescription() + " near character " + e.getIndex(), "a regular expression", e);
        }
    }

    /**
     * Renames all tensors.
     *
     * @param weights what a file holds
     * @return the same tensors under their new names
     * @throws WeightsException if two get the same name, or a rule fails or takes too long on a name
     */
    public Weights apply(Weights weights) {
        if (rules.isEmpty()) {
            return weights;
        }
        Map<String, WeightTensor> renamed = new LinkedHashMap<>();
        Map<String, String> before = new LinkedHashMap<>();
        weights.tensors().forEach((name, tensor) -> {
            String mapped = map(name);
            renamed.put(TensorLimits.check(weights.source(), mapped), tensor);
            String other = before.put(mapped, name);
            if (other != null) {
                throw new WeightsException(
                        weights.source() + ", " + source,
                        Quoted.of(other) + " and " + Quoted.of(name) + " both renamed to " + Quoted.of(mapped),
                        "different names");
            }
        });
        return new LoadedWeights(weights.source(), renamed, weights.leftOut());
    }

    private String map(String name) {
        String mapped = name;
        for (Rule rule : rules) {
            String subject = source + ": " + Quoted.of(rule.pattern().pattern());
            try {
                mapped = rule.pattern().matcher(new CountedText(mapped)).replaceAll(rule.replacement());
            } catch (CountedText.ExhaustedException e) {
                throw new WeightsException(
                        subject, "too many steps on the name " + Quoted.of(name), "a pattern that backtracks less", e);
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new WeightsException(
                        subject,
                        "the replacement " + Quoted.of(rule.replacement()) + " (" + e.getMessage() + ")",
                        "only groups that the pattern has",
                        e);
            }
            if (mapped.length() > LONGEST_RULE) {
                throw new WeightsException(
                        subject, "a new name of " + mapped.length() + " characters", "at most " + LONGEST_RULE);
            }
        }
        return mapped;
    }
}
