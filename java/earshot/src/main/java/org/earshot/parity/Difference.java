package org.earshot.parity;

/**
 * How far computed values are from expected ones.
 *
 * @param largest largest absolute difference; NaN if either side is not finite where the other is
 * @param mean mean absolute difference
 * @param spread standard deviation of the expected values
 * @param magnitude root of the mean square of the expected values
 * @param cosine cosine similarity of the two as vectors; 1 if both are zeros, 0 if one is
 * @param worst where the largest difference is, [b, t, f, c], or [b, c] of vectors
 * @param expected the expected value there
 * @param computed the computed value there
 * @param unequal how many values are not the same to the last bit
 * @param count how many values there are
 */
public record Difference(
        double largest,
        double mean,
        double spread,
        double magnitude,
        double cosine,
        String worst,
        float expected,
        float computed,
        long unequal,
        long count) {
    /**
     * Compares.
     *
     * @param expected at least one value
     * @param computed as many, of the same extents
     * @return their difference
     */
    static Difference of(Grid expected, Grid computed) {
        float[] e = expected.values();
        float[] a = computed.values();
        double largest = 0;
        int worst = 0;
        double sum = 0;
        double expectedSum = 0;
        double expectedSquares = 0;
        double computedSquares = 0;
        double products = 0;
        long unequal = 0;
        for (int i = 0; i < e.length; i++) {
            double difference = Math.abs((double) a[i] - e[i]);
            if (difference > largest || (Double.isNaN(difference) && !Double.isNaN(largest))) {
                largest = difference;
                worst = i;
            }
            unequal += Float.floatToRawIntBits(a[i]) == Float.floatToRawIntBits(e[i]) ? 0 : 1;
            sum += difference;
            expectedSum += e[i];
            expectedSquares += (double) e[i] * e[i];
            computedSquares += (double) a[i] * a[i];
            products += (double) a[i] * e[i];
        }
        double mean = expectedSum / e.length;
        double squares = 0;
        for (float value : e) {
            squares += (value - mean) * (value - mean);
        }
        double norms = Math.sqrt(expectedSquares) * Math.sqrt(computedSquares);
        return new Difference(
                largest,
                sum / e.length,
                Math.sqrt(squares / e.length),
                Math.sqrt(expectedSquares / e.length),
                norms > 0 ? products / norms : expectedSquares == computedSquares ? 1 : 0,
                expected.place(worst),
                e[worst],
                a[worst],
                unequal,
                e.length);
    }

    /**
     * The largest difference relative to the spread.
     *
     * @return largest / spread; infinite if a spread of zero meets a difference
     */
    public double relative() {
        return largest == 0 ? 0 : largest / spread;
    }
}
