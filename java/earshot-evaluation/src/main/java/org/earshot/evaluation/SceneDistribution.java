package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.earshot.dataset.Dataset;

/**
 * Where and when the scenes of a set were recorded (ASCMamba paper, Fig. 1). A clip without a label does not count; one
 * without a city stands under {@link GroupScore#UNKNOWN}, the last column then; one without a time is in none of the
 * hours.
 *
 * @param labels the classes
 * @param cities the cities, in the order of the columns of {@code byCity}
 * @param byCity clips: a row for each class, a column for each city
 * @param byHour clips: a row for each class, 24 columns
 */
public record SceneDistribution(
        List<String> labels, List<String> cities, List<List<Integer>> byCity, List<List<Integer>> byHour) {
    private static final int HOURS = 24;

    /**
     * Counts clips.
     *
     * @param labels the classes
     * @param clips whose labels are these
     * @return the distribution; cities by name
     */
    public static SceneDistribution of(List<String> labels, List<Dataset.Clip> clips) {
        List<String> cities = new ArrayList<>(clips.stream()
                .flatMap(clip -> clip.context().city().stream())
                .distinct()
                .sorted()
                .toList());
        int known = cities.size();
        if (clips.stream().anyMatch(clip -> clip.context().city().isEmpty())) {
            cities.add(GroupScore.UNKNOWN);
        }
        int[][] byCity = new int[labels.size()][cities.size()];
        int[][] byHour = new int[labels.size()][HOURS];
        for (Dataset.Clip clip : clips) {
            if (clip.label().isPresent()) {
                int label = labels.indexOf(clip.label().get());
                Optional<String> city = clip.context().city();
                byCity[label][city.map(cities::indexOf).orElse(known)]++;
                clip.context().time().ifPresent(time -> byHour[label][time.getHour()]++);
            }
        }
        return new SceneDistribution(labels, cities, rows(byCity), rows(byHour));
    }

    private static List<List<Integer>> rows(int[]... counts) {
        return Arrays.stream(counts)
                .map(row -> Arrays.stream(row).boxed().toList())
                .toList();
    }
}
