package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.earshot.RecordingContext;
import org.earshot.model.ContextParameters;

/**
 * Accuracy within a part of the set: the recordings of one city, or of one hour of the day.
 *
 * @param group the city, or the hour such as {@code "08"}; {@code "unknown"} where the metadata leave it open
 * @param clips how many there are
 * @param correct how many were answered right
 */
public record GroupScore(String group, int clips, int correct) {
    /** The group of clips whose city or time is not known. */
    public static final String UNKNOWN = "unknown";

    /** The group of clips whose city the model does not know, so that something else stands for it. */
    public static final String STAND_IN = "not a city of the model";

    /**
     * By city.
     *
     * @param answers of a model
     * @param contexts of the clips
     * @param parameters how the model encodes contexts, or null if it takes none
     * @return one for each city that has clips, by name; those that the model does not know are one group, and no city
     */
    public static List<GroupScore> byCity(
            Answers answers, List<RecordingContext> contexts, ContextParameters parameters) {
        return by(
                context -> context.city().map(city -> parameters == null || parameters.knows(city) ? city : STAND_IN),
                answers,
                contexts);
    }

    /**
     * By hour of the day.
     *
     * @param answers of a model
     * @param contexts of the clips
     * @return one for each hour that has clips, in the order of the day, the unknown last
     */
    public static List<GroupScore> byHour(Answers answers, List<RecordingContext> contexts) {
        return by(
                context -> context.time().map(time -> String.format(Locale.ROOT, "%02d", time.getHour())),
                answers,
                contexts);
    }

    private static List<GroupScore> by(
            Function<RecordingContext, Optional<String>> group, Answers answers, List<RecordingContext> contexts) {
        if (contexts.size() != answers.clips()) {
            throw new IllegalArgumentException(contexts.size() + " contexts; expected " + answers.clips());
        }
        // Clips and right answers. The unknown stand apart: a city may have that name.
        Map<String, int[]> counts = new TreeMap<>();
        int[] unknown = new int[2];
        for (int clip = 0; clip < answers.clips(); clip++) {
            int[] count = group.apply(contexts.get(clip))
                    .map(name -> counts.computeIfAbsent(name, key -> new int[2]))
                    .orElse(unknown);
            count[0]++;
            count[1] += answers.correct(clip) ? 1 : 0;
        }
        List<GroupScore> scores = new ArrayList<>();
        counts.forEach((name, count) -> scores.add(new GroupScore(name, count[0], count[1])));
        if (unknown[0] > 0) {
            scores.add(new GroupScore(UNKNOWN, unknown[0], unknown[1]));
        }
        return scores;
    }

    /**
     * Share of right answers.
     *
     * @return from 0 to 1
     */
    public double accuracy() {
        return (double) correct / clips;
    }
}
