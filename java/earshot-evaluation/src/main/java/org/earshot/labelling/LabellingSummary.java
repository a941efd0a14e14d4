package org.earshot.labelling;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How many clips were labelled, by class.
 *
 * @param classes one for each label, in the first model's order
 */
public record LabellingSummary(List<ClassCount> classes) {
    /**
     * One class's clips, by the first model's answer.
     *
     * @param label the class
     * @param first kept by step 1
     * @param second kept by step 2
     * @param dropped left without a label
     */
    public record ClassCount(String label, int first, int second, int dropped) {}

    /**
     * Copies the list.
     *
     * @param classes one for each label
     */
    public LabellingSummary {
        classes = List.copyOf(classes);
    }

    static LabellingSummary of(List<String> labels, List<Answer> answers, List<Step> steps) {
        return new LabellingSummary(labels.stream()
                .map(label -> new ClassCount(
                        label,
                        count(label, Step.FIRST, answers, steps),
                        count(label, Step.SECOND, answers, steps),
                        count(label, Step.DROPPED, answers, steps)))
                .toList());
    }

    private static int count(String label, Step step, List<Answer> answers, List<Step> steps) {
        return (int) IntStream.range(0, answers.size())
                .filter(i -> steps.get(i) == step && answers.get(i).first().equals(label))
                .count();
    }

    /**
     * All classes together.
     *
     * @return their sums, under the label {@code "total"}
     */
    public ClassCount total() {
        return new ClassCount(
                "total",
                classes.stream().mapToInt(ClassCount::first).sum(),
                classes.stream().mapToInt(ClassCount::second).sum(),
                classes.stream().mapToInt(ClassCount::dropped).sum());
    }
}
