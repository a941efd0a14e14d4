/**
 * From the answers of windows to segments of time: smoothing, thresholds, shortest dwell. Knows nothing of sound or
 * networks; windows and their probabilities are all it is given.
 */
package org.earshot.segmentation;
