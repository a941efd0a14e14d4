package org.earshot.parity;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.features.MelFilterBank;
import org.jtransforms.fft.DoubleFFT_1D;

/**
 * Log-mel features as another front end may compute them: the steps of tools/reference/spec/features.md with some done
 * otherwise, in librosa's words. Without a deviation they are those of {@link org.earshot.features.LogMel}.
 */
final class OtherFrontEnd {
    private static final double SMALLEST = 1e-10;

    /** What is done otherwise. */
    enum Deviation {
        /** What surrounds a clip's ends. */
        PAD_MODE("the other pad mode (reflect for constant, or the other way round)"),
        /** Filters of height 1. */
        NO_MEL_NORM("mel filters without Slaney's normalisation (norm=None)"),
        /** The other mel scale. */
        HTK("the HTK mel scale (htk=True)"),
        /** |X|^2. */
        POWER("the power spectrum, not the magnitudes (power=2)"),
        /** 20 log10. */
        AMPLITUDE("amplitude_to_db, 20 log10, where the baseline has power_to_db"),
        /** ln, and nothing clamped. */
        NATURAL_LOGARITHM("the natural logarithm, not decibels"),
        /** The maximum that top_db counts from. */
        CLAMP_OVER_KEPT("top_db counted from the loudest of the frames that are kept (500), not of all (501)"),
        /** Nothing below top_db is lifted. */
        NO_CLAMP("no top_db"),
        /** Relative to the loudest. */
        BELOW_LOUDEST("decibels below the loudest value (ref=np.max)");

        private final String text;

        Deviation(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    private final FeatureParameters parameters;
    private final Set<Deviation> deviations;
    private final double[][] filters;
    private final double[] window;
    private final DoubleFFT_1D transform;

    OtherFrontEnd(FeatureParameters parameters, Set<Deviation> deviations) {
        this.parameters = parameters;
        this.deviations = EnumSet.noneOf(Deviation.class);
        this.deviations.addAll(deviations);
        filters = deviations.contains(Deviation.HTK) ? htk() : slaney();
        transform = new DoubleFFT_1D(parameters.fftSize());
        window = new double[parameters.windowLength()];
        for (int i = 0; i < window.length; i++) {
            window[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / window.length);
        }
    }

    private int bins() {
        return parameters.fftSize() / 2 + 1;
    }

    private double[][] slaney() {
        MelFilterBank bank = new MelFilterBank(parameters);
        double[][] dense = new double[bank.bands()][bins()];
        for (int band = 0; band < dense.length; band++) {
            float[] weights = bank.weights(band);
            double scale = 1;
            if (deviations.contains(Deviation.NO_MEL_NORM)) {
                double lower = band == 0 ? parameters.minimumFrequency() : bank.centre(band - 1);
                double upper = band == dense.length - 1 ? parameters.maximumFrequency() : bank.centre(band + 1);
                scale = (upper - lower) / 2;
            }
            for (int i = 0; i < weights.length; i++) {
                dense[band][bank.firstBin(band) + i] = weights[i] * scale;
            }
        }
        return dense;
    }

    private double[][] htk() {
        double[] edges = new double[parameters.melBands() + 2];
        double lowest = htkMel(parameters.minimumFrequency());
        double step = (htkMel(parameters.maximumFrequency()) - lowest) / (edges.length - 1);
        for (int i = 0; i < edges.length; i++) {
            edges[i] = 700 * (Math.pow(10, (lowest + i * step) / 2595) - 1);
        }
        double[][] dense = new double[parameters.melBands()][bins()];
        for (int band = 0; band < dense.length; band++) {
            for (int bin = 0; bin < bins(); bin++) {
                double hertz = (double) bin * parameters.sampleRate() / parameters.fftSize();
                double rising = (hertz - edges[band]) / (edges[band + 1] - edges[band]);
                double falling = (edges[band + 2] - hertz) / (edges[band + 2] - edges[band + 1]);
                double height = Math.max(0, Math.min(rising, falling));
                dense[band][bin] = height * 2 / (edges[band + 2] - edges[band]);
            }
        }
        return dense;
    }

    private static double htkMel(double hertz) {
        return 2595 * Math.log10(1 + hertz / 700);
    }

    /** The features of clips that lie one behind the other: {@code [clips, frames, bands, 1]}. */
    Grid compute(float[] pcm, int clips) {
        int samples = pcm.length / clips;
        int kept = parameters.cutFrames(samples);
        int bands = parameters.melBands();
        float[] features = new float[clips * kept * bands];
        for (int b = 0; b < clips; b++) {
            clip(pcm, b * samples, samples, features, b * kept * bands);
        }
        return new Grid(clips, kept, bands, 1, features);
    }

    private void clip(float[] pcm, int offset, int samples, float[] features, int at) {
        int kept = parameters.cutFrames(samples);
        int frames = parameters.clipFrames(samples);
        int bands = parameters.melBands();
        double[] spectrum = new double[parameters.fftSize()];
        double loudest = Double.NEGATIVE_INFINITY;
        for (int frame = 0; frame < frames; frame++) {
            frame(pcm, offset, samples, frame, spectrum);
            for (int band = 0; band < bands; band++) {
                double value = level(band, spectrum);
                if (frame < kept) {
                    features[at + frame * bands + band] = (float) value;
                }
                if (frame < kept || !deviations.contains(Deviation.CLAMP_OVER_KEPT)) {
                    loudest = Math.max(loudest, value);
                }
            }
        }
        boolean clamps = !deviations.contains(Deviation.NO_CLAMP) && !deviations.contains(Deviation.NATURAL_LOGARITHM);
        double least = clamps ? loudest - parameters.topDecibel() : Double.NEGATIVE_INFINITY;
        double zero = deviations.contains(Deviation.BELOW_LOUDEST) ? loudest : 0;
        for (int i = at; i < at + kept * bands; i++) {
            features[i] = (float) (Math.max(features[i], least) - zero);
        }
    }

    /** Magnitudes or powers of a frame's bins, at the start of the array. */
    private void frame(float[] pcm, int offset, int samples, int frame, double[] spectrum) {
        boolean reflects = (parameters.padMode() == PadMode.REFLECT) != deviations.contains(Deviation.PAD_MODE);
        Arrays.fill(spectrum, 0);
        int first = frame * parameters.hopLength() + parameters.windowStart();
        for (int i = 0; i < window.length; i++) {
            int from = first + i;
            boolean inside = from >= 0 && from < samples;
            if (inside || reflects) {
                int place = inside ? from : reflected(from, samples);
                spectrum[i] = window[i] * (pcm[offset + place] + Math.ulp(1.0));
            }
        }
        transform.realForward(spectrum);
        int half = parameters.fftSize() / 2;
        double last = spectrum[1] * spectrum[1];
        double[] powers = new double[half + 1];
        powers[0] = spectrum[0] * spectrum[0];
        for (int bin = 1; bin < half; bin++) {
            powers[bin] = spectrum[2 * bin] * spectrum[2 * bin] + spectrum[2 * bin + 1] * spectrum[2 * bin + 1];
        }
        powers[half] = last;
        boolean power = deviations.contains(Deviation.POWER);
        for (int bin = 0; bin <= half; bin++) {
            spectrum[bin] = power ? powers[bin] : Math.sqrt(powers[bin]);
        }
    }

    private static int reflected(int index, int samples) {
        int last = samples - 1;
        return last == 0 ? 0 : last - Math.abs(last - Math.floorMod(index, 2 * last));
    }

    private double level(int band, double[] spectrum) {
        double sum = 0;
        for (int bin = 0; bin < bins(); bin++) {
            sum += filters[band][bin] * spectrum[bin];
        }
        if (deviations.contains(Deviation.NATURAL_LOGARITHM)) {
            return Math.log(Math.max(SMALLEST, sum));
        }
        double measured = deviations.contains(Deviation.AMPLITUDE) ? sum * sum : sum;
        return 10 * Math.log10(Math.max(SMALLEST, measured));
    }
}
