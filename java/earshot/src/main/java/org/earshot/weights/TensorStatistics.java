package org.earshot.weights;

/**
 * What the values of a tensor look like, to spot a damaged or foreign checkpoint. Minimum, maximum, mean and deviation
 * are those of the finite values, NaN where there are none.
 *
 * @param count number of values
 * @param minimum smallest finite value
 * @param maximum largest finite value
 * @param mean arithmetic mean of the finite values
 * @param deviation standard deviation of the finite values (dividing by their number)
 * @param nans how many values are NaN
 * @param infinities how many values are infinite
 */
public record TensorStatistics(
        long count, double minimum, double maximum, double mean, double deviation, long nans, long infinities) {
    /**
     * Reads a tensor's values once.
     *
     * @param tensor any tensor; its values are taken as float32
     * @return its statistics
     */
    public static TensorStatistics of(WeightTensor tensor) {
        float[] values = tensor.floats();
        double minimum = Double.NaN;
        double maximum = Double.NaN;
        // Welford's update: no cancellation where the mean is large beside the deviation.
        double mean = 0;
        double squares = 0;
        long finite = 0;
        long nans = 0;
        for (float value : values) {
            if (Float.isFinite(value)) {
                finite++;
                minimum = finite == 1 ? value : Math.min(minimum, value);
                maximum = finite == 1 ? value : Math.max(maximum, value);
                double step = value - mean;
                mean += step / finite;
                squares += step * (value - mean);
            } else if (Float.isNaN(value)) {
                nans++;
            }
        }
        return new TensorStatistics(
                values.length,
                minimum,
                maximum,
                finite == 0 ? Double.NaN : mean,
                finite == 0 ? Double.NaN : Math.sqrt(squares / finite),
                nans,
                values.length - finite - nans);
    }
}
