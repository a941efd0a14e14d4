package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Answers counted by truth.
 *
 * @param labels the classes
 * @param counts a row for each true class, a column for each answer
 */
public record ConfusionMatrix(List<String> labels, List<List<Integer>> counts) {
    /**
     * Copies the lists.
     *
     * @param labels the classes
     * @param counts as many rows, each of as many columns
     * @throws IllegalArgumentException if the sizes differ, or a count is negative
     */
    public ConfusionMatrix {
        labels = List.copyOf(labels);
        counts = counts.stream().map(List::copyOf).toList();
        int size = labels.size();
        if (counts.size() != size
                || counts.stream()
                        .anyMatch(row -> row.size() != size || row.stream().anyMatch(count -> count < 0))) {
            throw new IllegalArgumentException("counts " + counts + "; expected " + size + " x " + size);
        }
    }

    /**
     * Counts.
     *
     * @param answers of a model
     * @return the matrix
     */
    public static ConfusionMatrix of(Answers answers) {
        int[] truth = IntStream.range(0, answers.clips()).map(answers::truth).toArray();
        int[] answered =
                IntStream.range(0, answers.clips()).map(answers::answer).toArray();
        int[][] counts = count(truth, answered, answers.labels().size());
        List<List<Integer>> rows = new ArrayList<>();
        for (int[] row : counts) {
            rows.add(Arrays.stream(row).boxed().toList());
        }
        return new ConfusionMatrix(answers.labels(), rows);
    }

    /** Answers by truth: {@code [classes][classes]}. */
    static int[][] count(int[] truth, int[] answers, int classes) {
        int[][] counts = new int[classes][classes];
        for (int clip = 0; clip < truth.length; clip++) {
            counts[truth[clip]][answers[clip]]++;
        }
        return counts;
    }

    /**
     * Answers of one kind.
     *
     * @param truth the true class, from 0
     * @param answer the class answered, from 0
     * @return how many there are
     */
    public int count(int truth, int answer) {
        return counts.get(truth).get(answer);
    }

    /**
     * Clips of a class: its support.
     *
     * @param truth the class, from 0
     * @return how many there are
     */
    public int support(int truth) {
        return counts.get(truth).stream().mapToInt(Integer::intValue).sum();
    }

    /**
     * Clips that were taken for a class.
     *
     * @param answer the class, from 0
     * @return how many there are
     */
    public int answered(int answer) {
        return counts.stream().mapToInt(row -> row.get(answer)).sum();
    }
}
