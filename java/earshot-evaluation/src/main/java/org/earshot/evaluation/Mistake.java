package org.earshot.evaluation;

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
public record Mistake(
        int clip, String file, String truth, String answer, double probability, double truthProbability) {}
