package org.earshot.benchmarks.gpu;

import org.earshot.backend.Precision;
import org.earshot.layer.Shape;

/**
 * The check that comes before timing: Earshot's output beside the same from the libraries' convolutions and products.
 */
final class Agreement {
    private Agreement() {}

    /**
     * The largest difference that is not a fault, in standard deviations of the expected values. Both sides round: in
     * float32 the project's bound; in TF32 and bfloat16 the factors of up to six products in a row, by 2^-11 and 2^-8,
     * of which the largest of a million sums in a row is some ten times the usual.
     */
    static double tolerance(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> 1e-4;
            case TF32 -> 0.03;
            case BF16 -> 0.25;
        };
    }

    /**
     * Compares a work's results.
     *
     * @return the largest difference, in standard deviations of the expected values
     * @throws IllegalStateException if it is not within {@link #tolerance}
     */
    static double require(Work work, Precision precision, String backend, Kernels kernels) {
        Shape shape = work.checkedShape();
        float[] x = Work.noise(shape.elements());
        float[] expected = work.compose(kernels, shape, x);
        float[] actual;
        try (EarshotContender earshot = new EarshotContender(backend, work.layer(), shape, x, precision, 1)) {
            earshot.run();
            actual = earshot.output();
        }
        double difference = difference(actual, expected);
        // Written so that NaN fails too.
        if (!(difference <= tolerance(precision))) {
            throw new IllegalStateException(work + " in " + precision + ": Earshot and the libraries differ by "
                    + difference + " of the spread; at most " + tolerance(precision) + " was expected");
        }
        return difference;
    }

    /**
     * The largest difference in standard deviations of the expected values; NaN or infinite if a value is not finite.
     */
    static double difference(float[] actual, float[] expected) {
        if (actual.length != expected.length) {
            throw new IllegalStateException(actual.length + " values; the reference has " + expected.length);
        }
        double mean = 0;
        for (float value : expected) {
            mean += value / (double) expected.length;
        }
        double squares = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            squares += (expected[i] - mean) * (expected[i] - mean);
            double difference = Math.abs((double) actual[i] - expected[i]);
            largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
        }
        return largest / Math.sqrt(squares / expected.length);
    }
}
