package org.earshot.benchmarks;

/** The check that comes before timing. */
final class Agreement {
    /** The project's bound for float32, relative to the spread (standard deviation) of the expected values. */
    static final double TOLERANCE = 1e-4;

    private Agreement() {}

    /**
     * Compares a result with PyTorch's.
     *
     * @throws IllegalStateException if they differ by more than {@link #TOLERANCE}, or a value is not finite
     */
    static void require(String what, float[] actual, float[] expected) {
        requireWithin(what, actual, expected, TOLERANCE * spread(expected));
    }

    /**
     * Compares a result with a reference.
     *
     * @throws IllegalStateException if the lengths differ, or values do by more than {@code limit}
     */
    static void requireWithin(String what, float[] actual, float[] expected, double limit) {
        if (actual.length != expected.length) {
            throw new IllegalStateException(
                    what + ": " + actual.length + " values; the reference has " + expected.length);
        }
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            // Written so that NaN fails too.
            if (!(difference <= limit)) {
                throw new IllegalStateException(what + ": value " + i + " is " + actual[i] + "; the reference is "
                        + expected[i] + ", at most " + limit + " away");
            }
        }
    }

    private static double spread(float[] values) {
        double mean = 0;
        for (float value : values) {
            mean += value / (double) values.length;
        }
        double squares = 0;
        for (float value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / values.length);
    }
}
