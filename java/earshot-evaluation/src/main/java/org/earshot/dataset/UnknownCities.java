package org.earshot.dataset;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.earshot.files.NearWords;
import org.earshot.files.Quoted;
import org.earshot.model.ContextParameters;
import org.earshot.model.ContextParameters.UnknownLocation;
import org.earshot.model.ModelConfig;

/** Says which cities a model does not know: a misspelt one would otherwise pass for its stand-in without a word. */
public final class UnknownCities {
    /** How many a message names; those that most recordings have come first. */
    private static final int NAMED = 5;

    private UnknownCities() {}

    /**
     * Looks for them.
     *
     * @param config the model's configuration
     * @param cities of recordings, one for each that has one
     * @return such as {@code found 12 of 90 recordings in cities that model/config.json does not know: "Xian" (10; did
     *     you mean Xi'an?), "Pekin" (2); its first city, "Xi'an", stands for them}; empty if there are none, or the
     *     model takes no city, or refuses unknown ones itself
     */
    public static Optional<String> of(ModelConfig config, Stream<String> cities) {
        ContextParameters parameters = config.context();
        if (parameters == null || parameters.unknownLocation() == UnknownLocation.ERROR) {
            return Optional.empty();
        }
        Map<String, Integer> unknown = new LinkedHashMap<>();
        int[] all = {0};
        cities.forEach(city -> {
            all[0]++;
            if (!parameters.knows(city)) {
                unknown.merge(city, 1, Integer::sum);
            }
        });
        if (unknown.isEmpty()) {
            return Optional.empty();
        }
        String named = unknown.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .limit(NAMED)
                .map(city -> Quoted.of(city.getKey()) + " (" + city.getValue()
                        + NearWords.hint(city.getKey(), parameters.locations()) + ")")
                .collect(Collectors.joining(", "));
        int count = unknown.values().stream().mapToInt(Integer::intValue).sum();
        return Optional.of(String.format(
                Locale.ROOT,
                "found %d of %d recordings in cities that %s does not know: %s%s; %s",
                count,
                all[0],
                config.source(),
                named,
                unknown.size() > NAMED ? ", ..." : "",
                standIn(parameters)));
    }

    private static String standIn(ContextParameters parameters) {
        return parameters.unknownLocation() == UnknownLocation.FIRST
                ? "its first city, " + Quoted.of(parameters.locations().get(0)) + ", stands for them"
                : "the mean of its cities stands for them";
    }
}
