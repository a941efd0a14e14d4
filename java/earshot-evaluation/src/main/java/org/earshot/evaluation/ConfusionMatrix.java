package org.earshot.evaluation;

import java.util.List;

/**
 * Answers counted by truth.
 *
 * @param labels the classes
 * @param counts a row for each true class, a column for each answer
 */
public record ConfusionMatrix(List<String> labels, List<List<Integer>> counts) {}
