package org.earshot.evaluation;

import java.util.List;

/**
 * Where and when the scenes of a set were recorded (ASCMamba paper, Fig. 1).
 *
 * @param labels the classes
 * @param cities the cities, in the order of the columns of {@code byCity}
 * @param byCity clips: a row for each class, a column for each city
 * @param byHour clips: a row for each class, 24 columns
 */
public record SceneDistribution(
        List<String> labels, List<String> cities, List<List<Integer>> byCity, List<List<Integer>> byHour) {}
