package org.earshot.features;

/**
 * Triangular filters that are evenly spaced on the Slaney mel scale, each scaled by 2 / width so that bands of white
 * noise are equally loud (tools/reference/spec/features.md, step 4; Slaney, Auditory Toolbox, 1998). Each filter is
 * stored as its non-zero bins only. Immutable.
 *
 * <p>The weights are those of librosa's {@code filters.mel(dtype=float32)}: triangles in float64, rounded to float32,
 * scaled, rounded again.
 */
public final class MelFilterBank {
    private static final double HERTZ_PER_LINEAR_MEL = 200.0 / 3;
    private static final double LOGARITHMIC_FROM_HERTZ = 1000;
    private static final double LOGARITHMIC_FROM_MEL = LOGARITHMIC_FROM_HERTZ / HERTZ_PER_LINEAR_MEL;
    private static final double LOGARITHMIC_STEP = Math.log(6.4) / 27;

    private final int[] firstBin;
    /** Hz: a band lies between its edge and the second after it. */
    private final double[] edges;

    private final double[][] weights;

    /**
     * Computes the filters.
     *
     * @param parameters of the front end
     */
    public MelFilterBank(FeatureParameters parameters) {
        int bands = parameters.melBands();
        edges = edges(bands, parameters.minimumFrequency(), parameters.maximumFrequency());
        double hertzPerBin = (double) parameters.sampleRate() / parameters.fftSize();
        int bins = parameters.fftSize() / 2 + 1;
        firstBin = new int[bands];
        weights = new double[bands][];
        for (int band = 0; band < bands; band++) {
            int first = Math.min(bins, (int) Math.floor(edges[band] / hertzPerBin) + 1);
            int end = first;
            while (end < bins && end * hertzPerBin < edges[band + 2]) {
                end++;
            }
            firstBin[band] = first;
            weights[band] = triangle(edges, band, first, end, hertzPerBin);
        }
    }

    private static double[] edges(int bands, double minimumFrequency, double maximumFrequency) {
        double lowest = melOf(minimumFrequency);
        double step = (melOf(maximumFrequency) - lowest) / (bands + 1);
        double[] edges = new double[bands + 2];
        for (int i = 0; i < edges.length; i++) {
            edges[i] = hertzOf(lowest + i * step);
        }
        return edges;
    }

    private static double[] triangle(double[] edges, int band, int first, int end, double hertzPerBin) {
        double lower = edges[band];
        double centre = edges[band + 1];
        double upper = edges[band + 2];
        double scale = 2 / (upper - lower);
        double[] triangle = new double[end - first];
        for (int i = 0; i < triangle.length; i++) {
            double hertz = (first + i) * hertzPerBin;
            double rising = (hertz - lower) / (centre - lower);
            double falling = (upper - hertz) / (upper - centre);
            triangle[i] = (float) ((float) Math.max(0, Math.min(rising, falling)) * scale);
        }
        return triangle;
    }

    private static double melOf(double hertz) {
        return hertz < LOGARITHMIC_FROM_HERTZ
                ? hertz / HERTZ_PER_LINEAR_MEL
                : LOGARITHMIC_FROM_MEL + Math.log(hertz / LOGARITHMIC_FROM_HERTZ) / LOGARITHMIC_STEP;
    }

    private static double hertzOf(double mel) {
        return mel < LOGARITHMIC_FROM_MEL
                ? mel * HERTZ_PER_LINEAR_MEL
                : LOGARITHMIC_FROM_HERTZ * Math.exp(LOGARITHMIC_STEP * (mel - LOGARITHMIC_FROM_MEL));
    }

    /**
     * Number of filters.
     *
     * @return as many as bands
     */
    public int bands() {
        return weights.length;
    }

    /**
     * Where a filter's peak lies.
     *
     * @param band index of the filter
     * @return its centre, Hz
     */
    public double centre(int band) {
        return edges[band + 1];
    }

    /**
     * Where a filter begins.
     *
     * @param band index of the filter
     * @return the first bin of the transform that it weighs
     */
    public int firstBin(int band) {
        return firstBin[band];
    }

    /**
     * A filter's weights, float32 as librosa's are.
     *
     * @param band index of the filter
     * @return one weight for each bin from {@link #firstBin} on; none if the filter lies between two bins
     */
    public float[] weights(int band) {
        float[] copy = new float[weights[band].length];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = (float) weights[band][i];
        }
        return copy;
    }

    /** Weight of a bin in a band; 0 outside the band's triangle. */
    double weight(int band, int bin) {
        int i = bin - firstBin[band];
        return i >= 0 && i < weights[band].length ? weights[band][i] : 0;
    }

    /** Sums the magnitudes of bins 0 to n_fft/2 into bands. */
    void apply(double[] magnitudes, double[] bands) {
        for (int band = 0; band < weights.length; band++) {
            bands[band] = dot(weights[band], magnitudes, firstBin[band]);
        }
    }

    /** Four sums side by side, because one would wait for each of its additions. */
    private static double dot(double[] triangle, double[] magnitudes, int first) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int i = 0;
        for (; i < triangle.length - 3; i += 4) {
            sum0 += triangle[i] * magnitudes[first + i];
            sum1 += triangle[i + 1] * magnitudes[first + i + 1];
            sum2 += triangle[i + 2] * magnitudes[first + i + 2];
            sum3 += triangle[i + 3] * magnitudes[first + i + 3];
        }
        for (; i < triangle.length; i++) {
            sum0 += triangle[i] * magnitudes[first + i];
        }
        return (sum0 + sum1) + (sum2 + sum3);
    }
}
