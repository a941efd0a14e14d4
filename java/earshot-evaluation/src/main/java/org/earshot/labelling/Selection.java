package org.earshot.labelling;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Applies a {@link LabellingRule}. */
public final class Selection {
    private Selection() {}

    /**
     * Decides what becomes of each clip.
     *
     * @param rule the rule
     * @param answers of all clips, each with another name
     * @return one step for each clip, in their order
     * @throws IllegalArgumentException if a confidence is not a number
     */
    public static List<Step> of(LabellingRule rule, List<Answer> answers) {
        for (Answer answer : answers) {
            if (Float.isNaN(answer.confidence())) {
                throw new IllegalArgumentException(answer + "; expected a confidence that is a number");
            }
        }
        List<Integer> ranking = IntStream.range(0, answers.size())
                .boxed()
                .sorted(Comparator.comparing(answers::get, BY_RANK))
                .toList();
        long count = rule.count(answers.size());
        List<Step> steps = new ArrayList<>(Collections.nCopies(answers.size(), Step.DROPPED));
        for (int rank = 0; rank < ranking.size(); rank++) {
            Answer answer = answers.get(ranking.get(rank));
            if (rank < count && answer.confidence() >= rule.minimumConfidence()) {
                steps.set(ranking.get(rank), Step.FIRST);
            } else if (answer.second().filter(answer.first()::equals).isPresent()) {
                steps.set(ranking.get(rank), Step.SECOND);
            }
        }
        return List.copyOf(steps);
    }

    private static final Comparator<Answer> BY_RANK =
            Comparator.comparing(Answer::confidence).reversed().thenComparing(Answer::name);
}
