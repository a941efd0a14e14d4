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
        Collector collector = new Collector();
        if (tensor instanceof StoredTensor stored) {
            stored.forEachFloat(collector::add); // A file may be larger than the memory.
        } else {
            for (float value : tensor.floats()) {
                collector.add(value);
            }
        }
        return collector.statistics();
    }

    private static final class Collector {
        private double minimum = Double.NaN;
        private double maximum = Double.NaN;
        // Welford's update: no cancellation where the mean is large beside the deviation.
        private double mean;
        private double squares;
        private long count;
        private long finite;
        private long nans;

        void add(float value) {
            count++;
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

        TensorStatistics statistics() {
            return new TensorStatistics(
                    count,
                    minimum,
                    maximum,
                    finite == 0 ? Double.NaN : mean,
                    finite == 0 ? Double.NaN : Math.sqrt(squares / finite),
                    nans,
                    count - finite - nans);
        }
    }
}
