package org.earshot.evaluation;

/**
 * Accuracy within a part of the set: the recordings of one city, or of one hour of the day.
 *
 * @param group the city, or the hour such as {@code "08"}; {@code "unknown"} where the metadata leave it open
 * @param clips how many there are
 * @param correct how many were answered right
 */
public record GroupScore(String group, int clips, int correct) {}
