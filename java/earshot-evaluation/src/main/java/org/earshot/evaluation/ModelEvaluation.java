package org.earshot.evaluation;

import java.util.List;

/**
 * All that is said of one model on one set.
 *
 * @param model its name, as the user gave it
 * @param accuracy share of right answers
 * @param macroAccuracy mean of the recalls of the classes that have clips
 * @param logLoss of the answers' probabilities
 * @param classes one for each class, in the model's order
 * @param confusion answers by truth
 * @param cities by name; those that the model does not know as one group
 * @param hours by hour
 * @param calibration of the answers' probabilities
 * @param mistakes the surest first, at most as many as were asked for
 * @param curves those that were asked for; empty if none, or if the model has no context
 */
public record ModelEvaluation(
        String model,
        Estimate accuracy,
        Estimate macroAccuracy,
        LogLoss logLoss,
        List<ClassScore> classes,
        ConfusionMatrix confusion,
        List<GroupScore> cities,
        List<GroupScore> hours,
        Calibration calibration,
        List<Mistake> mistakes,
        List<RobustnessCurve> curves) {}
