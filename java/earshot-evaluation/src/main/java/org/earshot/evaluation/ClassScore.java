package org.earshot.evaluation;

/**
 * One class's row of the per-class table.
 *
 * @param label the class
 * @param clips clips of it (its support)
 * @param recall share of its clips that were answered right; NaN if it has no clip
 * @param precision share of right answers among the answers that named it; NaN if none did
 * @param f1 harmonic mean of both, 0 where nothing was right; NaN if it has no clip
 */
public record ClassScore(String label, int clips, double recall, double precision, double f1) {}
