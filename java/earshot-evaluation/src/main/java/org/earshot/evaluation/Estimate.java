package org.earshot.evaluation;

/**
 * A figure with its bootstrap confidence interval.
 *
 * @param value the figure on the whole set
 * @param low lower end of the interval
 * @param high upper end of the interval
 */
public record Estimate(double value, double low, double high) {}
