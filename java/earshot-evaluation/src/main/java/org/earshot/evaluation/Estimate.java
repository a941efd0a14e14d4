package org.earshot.evaluation;

/**
 * A figure with two 95 % confidence intervals. The bootstrap's is of the same draws for all models, so that models can
 * be compared; the one from Wilson's score intervals keeps its width where a set is small, or all answers are right.
 *
 * @param value the figure on the whole set
 * @param low lower end of the bootstrap's interval
 * @param high upper end of the bootstrap's interval
 * @param wilson of a share {@link Interval#wilson}'s, of a mean of shares the one made from those
 */
public record Estimate(double value, double low, double high, Interval wilson) {}
