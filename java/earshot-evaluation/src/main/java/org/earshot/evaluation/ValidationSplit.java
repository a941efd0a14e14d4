package org.earshot.evaluation;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.FeaturePass;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.ProgressListener;
import org.earshot.error.AudioException;

/**
 * Splits a validation set by how much its clips sound like an evaluation set (ASCMamba paper, section 4.1): those whose
 * spectrum is more similar than the threshold are Valid-Hard, the others Valid-Easy.
 *
 * <p>A clip's spectrum is the mean and the standard deviation (of the population: divided by the number of frames) of
 * each mel band, in dB, over its frames. Similarity is the cosine between it and the mean spectrum of the evaluation
 * set's clips. Levels in dB are mostly negative and of a kind, so that similarities lie close to 1.
 *
 * @param similarities of each clip that could be read, from -1 to 1, by its position in the set, in that order
 * @param threshold what a clip of Valid-Hard exceeds
 */
public record ValidationSplit(SortedMap<Integer, Double> similarities, double threshold) {
    /** The papers' threshold. */
    public static final double PAPER_THRESHOLD = 0.9;

    /**
     * Copies the map.
     *
     * @param similarities of each clip
     * @param threshold from -1 to 1
     * @throws IllegalArgumentException if the threshold is not so
     */
    public ValidationSplit {
        similarities = Collections.unmodifiableSortedMap(new TreeMap<>(similarities));
        // Written so that NaN fails too.
        if (!(threshold >= -1 && threshold <= 1)) {
            throw new IllegalArgumentException("threshold: found " + threshold + "; expected a number from -1 to 1");
        }
    }

    /**
     * Compares the clips of two sets, and goes on past recordings that cannot be read.
     *
     * @param validation the set to split
     * @param evaluation the set it is compared with, its features made with the same parameters
     * @param threshold what a clip of Valid-Hard exceeds
     * @param threads that read features
     * @param progress told of each clip, of the evaluation set first, then of the other
     * @param unreadable told in the same order, in the caller's thread, what is wrong with each recording that cannot
     *     be read: in the evaluation set the others' mean is taken, in the other it is in neither part
     * @return the split
     * @throws org.earshot.error.EarshotException if no recording of a set can be read
     * @throws IllegalArgumentException if the parameters differ, or the threshold is not from -1 to 1
     */
    public static ValidationSplit of(
            FeatureSource validation,
            FeatureSource evaluation,
            double threshold,
            int threads,
            ProgressListener progress,
            Consumer<? super AudioException> unreadable) {
        if (!validation.parameters().equals(evaluation.parameters())) {
            throw new IllegalArgumentException(
                    "features made with " + validation.parameters() + " and " + evaluation.parameters());
        }
        int clips = evaluation.size() + validation.size();
        SortedMap<Integer, double[]> targets =
                spectra("evaluation set", evaluation, threads, done -> progress.clipDone(done, clips), unreadable);
        SortedMap<Integer, double[]> spectra = spectra(
                "set to split",
                validation,
                threads,
                done -> progress.clipDone(evaluation.size() + done, clips),
                unreadable);
        // The sum has the mean's direction.
        double[] sum = new double[2 * evaluation.parameters().melBands()];
        targets.values().forEach(target -> Arrays.setAll(sum, i -> sum[i] + target[i]));
        SortedMap<Integer, Double> similarities = new TreeMap<>();
        spectra.forEach((clip, spectrum) -> similarities.put(clip, cosine(spectrum, sum)));
        return new ValidationSplit(similarities, threshold);
    }

    /** The spectra of the clips that can be read, by position. */
    private static SortedMap<Integer, double[]> spectra(
            String set,
            FeatureSource source,
            int threads,
            IntConsumer progress,
            Consumer<? super AudioException> unreadable) {
        SortedMap<Integer, double[]> spectra = new TreeMap<>();
        FeaturePass.run(
                0,
                source,
                threads,
                (clip, features, frames) ->
                        spectrum(features, frames, source.parameters().melBands()),
                (spectrum, clip) -> {
                    spectra.put(clip, spectrum);
                    progress.accept(clip + 1);
                },
                (reason, clip) -> {
                    unreadable.accept(reason);
                    progress.accept(clip + 1);
                });
        if (spectra.isEmpty()) {
            throw new DatasetException(set, "no recording that can be read, of " + source.size(), "at least one");
        }
        return spectra;
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
        return similarities.keySet().stream()
                .filter(clip -> hard == similarities.get(clip) > threshold)
                .toList();
    }
}
