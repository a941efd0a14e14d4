package org.earshot.evaluation;

import java.util.List;

/**
 * One or several models on the same set, side by side.
 *
 * @param set what was evaluated, for headings: the metadata's file name
 * @param clips how many were evaluated
 * @param distribution where and when they were recorded
 * @param models at least one
 */
public record Evaluation(String set, int clips, SceneDistribution distribution, List<ModelEvaluation> models) {}
