package org.earshot.evaluation;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A clip that a model was wrong about.
 *
 * @param clip its position in the set
 * @param file its file name
 * @param truth its label
 * @param answer the model's
 * @param probability of the answer
 * @param truthProbability of the label
 */
public record Mistake(int clip, String file, String truth, String answer, double probability, double truthProbability) {
    /**
     * The worst mistakes: those a model was surest of; of equally sure ones those of the earlier clips.
     *
     * @param answers of the model
     * @param files the clips' names
     * @param most how many to find at most
     * @return the surest first
     */
    public static List<Mistake> worst(Answers answers, List<String> files, int most) {
        return IntStream.range(0, answers.clips())
                .filter(clip -> !answers.correct(clip))
                .boxed()
                .sorted(Comparator.comparingDouble(answers::confidence).reversed())
                .limit(most)
                .map(clip -> new Mistake(
                        clip,
                        files.get(clip),
                        answers.labels().get(answers.truth(clip)),
                        answers.labels().get(answers.answer(clip)),
                        answers.confidence(clip),
                        answers.probability(clip, answers.truth(clip))))
                .toList();
    }
}
