package org.earshot.segmentation;

import java.time.Duration;

/** {@link Smoothing.Exponential}. */
final class ExponentialSmoother implements Smoother {
    private final double timeConstantSeconds;
    private double[] mean;

    ExponentialSmoother(Duration timeConstant) {
        timeConstantSeconds = SegmentationOptions.nanos(timeConstant) / 1e9;
    }

    @Override
    public double[] next(double seconds, float[] probabilities) {
        if (mean == null) {
            mean = Smoother.widened(probabilities);
        } else {
            double kept = Math.exp(-seconds / timeConstantSeconds);
            for (int i = 0; i < mean.length; i++) {
                mean[i] = kept * mean[i] + (1 - kept) * probabilities[i];
            }
        }
        return mean;
    }
}
