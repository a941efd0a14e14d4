/**
 * How good a model is on a set of labelled recordings: the papers' metrics, calibration, confidence intervals,
 * robustness against wrong context, and the validation splits. Only numbers: {@code org.earshot.report} draws them.
 */
package org.earshot.evaluation;
