package org.earshot.evaluation;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.OrderedWork;
import org.earshot.dataset.ProgressListener;

/**
 * Splits a validation set by how much its clips sound like an evaluation set (ASCMamba paper, section 4.1): those whose
 * spectrum is more similar than the threshold are Valid-Hard, the others Valid-Easy.
 *
 * <p>A clip's spectrum is the mean and the standard deviation (of the population: divided by the number of frames) of
 * each mel band, in dB, over its frames. Similarity is the cosine between it and the mean spectrum of the evaluation
 * set's clips. Levels in dB are mostly negative and of a kind, so that similarities lie close to 1.
 *
 * @param similarities of each clip, from -1 to 1
 * @param threshold what a clip of Valid-Hard exceeds
 */
public record ValidationSplit(List<Double> similarities, double threshold) {
    /** The papers' threshold. */
    public static final double PAPER_THRESHOLD = 0.9;

    /**
     * Copies the list.
     *
     * @param similarities of each clip
     * @param threshold from -1 to 1
     * @throws IllegalArgumentException if the threshold is not so
     */
    public ValidationSplit {
        similarities = List.copyOf(similarities);
        // Written so that NaN fails too.
        if (!(threshold >= -1 && threshold <= 1)) {
            throw new IllegalArgumentException("threshold: found " + threshold + "; expected a number from -1 to 1");
        }
    }

    /**
     * Compares the clips of two sets.
     *
     * @param validation the set to split
     * @param evaluation the set it is compared with, its features made with the same parameters
     * @param threshold what a clip of Valid-Hard exceeds
     * @param threads that read features
     * @param progress told of each clip, of the evaluation set first, then of the other
     * @return the split
     * @throws org.earshot.error.EarshotException if a clip cannot be read
     * @throws IllegalArgumentException if the parameters differ, or the threshold is not from -1 to 1
     */
    public static ValidationSplit of(
            FeatureSource validation,
            FeatureSource evaluation,
            double threshold,
            int threads,
            ProgressListener progress) {
        if (!validation.parameters().equals(evaluation.parameters())) {
            throw new IllegalArgumentException(
                    "features made with " + validation.parameters() + " and " + evaluation.parameters());
        }
        int clips = evaluation.size() + validation.size();
        double[][] spectra = new double[validation.size()][];
        double[] sum = new double[2 * evaluation.parameters().melBands()];
        // Taken in the clips' order, so that the sum is the same for any number of threads.
        OrderedWork.run(0, evaluation.size(), threads, clip -> spectrum(evaluation, clip), (spectrum, clip) -> {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += spectrum[i];
            }
            progress.clipDone(clip + 1, clips);
        });
        OrderedWork.run(0, validation.size(), threads, clip -> spectrum(validation, clip), (spectrum, clip) -> {
            spectra[clip] = spectrum;
            progress.clipDone(evaluation.size() + clip + 1, clips);
        });
        // The sum has the mean's direction.
        return new ValidationSplit(
                Arrays.stream(spectra).map(spectrum -> cosine(spectrum, sum)).toList(), threshold);
    }

    private static double[] spectrum(FeatureSource source, int clip) {
        int bands = source.parameters().melBands();
        float[] features = new float[source.parameters().frames() * bands];
        int frames = source.read(clip, features);
        return spectrum(features, frames, bands);
    }

    /**
     * The spectrum of a clip.
     *
     * @param features {@code [frames, bands]}, dB
     * @param frames at least 1
     * @param bands at least 1
     * @return {@code [2 * bands]}: the bands' means, then their standard deviations, dB
     */
    public static double[] spectrum(float[] features, int frames, int bands) {
        double[] spectrum = new double[2 * bands];
        for (int frame = 0; frame < frames; frame++) {
            for (int band = 0; band < bands; band++) {
                spectrum[band] += features[frame * bands + band];
            }
        }
        for (int band = 0; band < bands; band++) {
            spectrum[band] /= frames;
        }
        for (int frame = 0; frame < frames; frame++) {
            for (int band = 0; band < bands; band++) {
                double difference = features[frame * bands + band] - spectrum[band];
                spectrum[bands + band] += difference * difference;
            }
        }
        for (int band = 0; band < bands; band++) {
            spectrum[bands + band] = Math.sqrt(spectrum[bands + band] / frames);
        }
        return spectrum;
    }

    /**
     * The cosine of the angle between two vectors.
     *
     * @param a one vector
     * @param b another of the same length
     * @return from -1 to 1; 0 if one of them is zero, and has no direction
     */
    public static double cosine(double[] a, double[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        double lengths = Math.sqrt(squareA) * Math.sqrt(squareB);
        // Rounding may lead beyond 1.
        return lengths == 0 ? 0 : Math.max(-1, Math.min(1, product / lengths));
    }

    /**
     * Clips of Valid-Hard.
     *
     * @return their positions in the set
     */
    public List<Integer> hard() {
        return part(true);
    }

    /**
     * Clips of Valid-Easy.
     *
     * @return their positions in the set
     */
    public List<Integer> easy() {
        return part(false);
    }

    private List<Integer> part(boolean hard) {
        return IntStream.range(0, similarities.size())
                .filter(clip -> hard == similarities.get(clip) > threshold)
                .boxed()
                .toList();
    }
}
