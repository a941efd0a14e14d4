package org.earshot.features;

import java.util.Arrays;
import java.util.Objects;
import org.earshot.AudioException;
import org.earshot.features.FeatureParameters.PadMode;
import org.jtransforms.fft.DoubleFFT_1D;

/**
 * The log-mel spectrogram of a clip, as the challenge baseline computes it with librosa (features.md): magnitudes of a
 * centred short-time Fourier transform, summed into mel bands, in dB, and clamped below the clip's loudest value.
 *
 * <p>The transform is taken in float64, as librosa does (its window is float64): the clamp lies 80 dB of magnitude
 * below the loudest value, a ratio of 1e-8, which rounding in a float32 transform would drown.
 *
 * <p>Immutable and safe for any number of threads, each with its own {@link Scratch}. It computes in the caller's
 * thread and allocates nothing.
 */
public final class LogMel {
    /** Spacing of 1.0, which the baseline adds to every sample. */
    private static final double OFFSET = Math.ulp(1.0);

    /** What librosa takes the logarithm of at least ({@code amin}). */
    private static final double SMALLEST_POWER = 1e-10;

    private final FeatureParameters parameters;
    private final MelFilterBank filters;
    private final DoubleFFT_1D transform;
    private final double[] window;
    /** From a frame's centre to the window's first sample. */
    private final int windowStart;

    /**
     * Prepares window, transform and filters.
     *
     * @param parameters of the front end
     */
    public LogMel(FeatureParameters parameters) {
        this.parameters = Objects.requireNonNull(parameters, "parameters");
        filters = new MelFilterBank(parameters);
        transform = new DoubleFFT_1D(parameters.fftSize());
        window = hann(parameters.windowLength());
        windowStart = (parameters.fftSize() - window.length) / 2 - parameters.fftSize() / 2;
    }

    private static double[] hann(int length) {
        double[] window = new double[length];
        for (int i = 0; i < length; i++) {
            window[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / length);
        }
        return window;
    }

    /**
     * The parameters this front end was built from.
     *
     * @return the parameters
     */
    public FeatureParameters parameters() {
        return parameters;
    }

    /**
     * Frames of the whole clip, {@code 1 + samples / hopLength}: those whose loudest value the clamp is set by.
     *
     * @param samples length of the clip, at least 1
     * @return number of frames before the cut
     */
    public int frames(int samples) {
        return 1 + samples / parameters.hopLength();
    }

    /**
     * Frames that {@link #compute} writes: those of the clip, at most {@link FeatureParameters#frames()}.
     *
     * @param samples length of the clip, at least 1
     * @return number of frames after the cut
     */
    public int cutFrames(int samples) {
        return Math.min(frames(samples), parameters.frames());
    }

    /**
     * Working memory for one thread at a time.
     *
     * @return new scratch for this front end
     */
    public Scratch scratch() {
        return new Scratch(parameters);
    }

    /**
     * Computes the features of one clip.
     *
     * @param pcm mono samples at {@link FeatureParameters#sampleRate()}, full scale 1
     * @param offset of the clip's first sample in {@code pcm}
     * @param samples length of the clip, at least 1
     * @param out takes [{@link #cutFrames cutFrames(samples)}, {@link FeatureParameters#melBands()}] values in dB
     * @param outOffset of the first value in {@code out}
     * @param scratch made by {@link #scratch()} of a front end with the same parameters, used by no other thread
     *     meanwhile
     * @return number of frames written
     * @throws AudioException if the clip is empty
     * @throws IndexOutOfBoundsException if the clip or the result does not fit into its array
     */
    public int compute(float[] pcm, int offset, int samples, float[] out, int outOffset, Scratch scratch) {
        if (samples == 0) {
            throw new AudioException("clip", "no samples", "at least 1");
        }
        Objects.checkFromIndexSize(offset, samples, pcm.length);
        int bands = parameters.melBands();
        int frames = frames(samples);
        int kept = cutFrames(samples);
        Objects.checkFromIndexSize((long) outOffset, (long) kept * bands, out.length);
        if (!scratch.parameters.equals(parameters)) {
            throw new IllegalArgumentException("scratch of other parameters");
        }
        double loudest = SMALLEST_POWER;
        for (int frame = 0; frame < frames; frame++) {
            frame(pcm, offset, samples, frame, scratch);
            int row = outOffset + frame * bands;
            for (int band = 0; band < bands; band++) {
                double power = scratch.bands[band];
                loudest = Math.max(loudest, power);
                if (frame < kept) {
                    out[row + band] = (float) power;
                }
            }
        }
        toDecibel(out, outOffset, kept * bands, loudest);
        return kept;
    }

    private void frame(float[] pcm, int offset, int samples, int frame, Scratch scratch) {
        double[] spectrum = scratch.spectrum;
        int first = frame * parameters.hopLength() + windowStart;
        int position = (spectrum.length - window.length) / 2;
        Arrays.fill(spectrum, 0, position, 0);
        Arrays.fill(spectrum, position + window.length, spectrum.length, 0);
        for (int i = 0; i < window.length; i++) {
            spectrum[position + i] = window[i] * sample(pcm, offset, samples, first + i);
        }
        transform.realForward(spectrum);
        double[] magnitudes = scratch.magnitudes;
        int half = spectrum.length / 2;
        magnitudes[0] = Math.abs(spectrum[0]);
        magnitudes[half] = Math.abs(spectrum[1]);
        for (int bin = 1; bin < half; bin++) {
            double real = spectrum[2 * bin];
            double imaginary = spectrum[2 * bin + 1];
            magnitudes[bin] = Math.sqrt(real * real + imaginary * imaginary);
        }
        filters.apply(magnitudes, scratch.bands);
    }

    private double sample(float[] pcm, int offset, int samples, int index) {
        int inside = index;
        if (index < 0 || index >= samples) {
            if (parameters.padMode() == PadMode.CONSTANT) {
                return 0;
            }
            inside = reflect(index, samples);
        }
        return pcm[offset + inside] + OFFSET;
    }

    private static int reflect(int index, int samples) {
        if (samples == 1) {
            return 0;
        }
        int folded = Math.floorMod(index, 2 * (samples - 1));
        return Math.min(folded, 2 * (samples - 1) - folded);
    }

    private void toDecibel(float[] values, int from, int count, double loudest) {
        float clamp = (float) (10 * Math.log10(loudest) - parameters.topDecibel());
        for (int i = from; i < from + count; i++) {
            float decibel = (float) (10 * Math.log10(Math.max(SMALLEST_POWER, values[i])));
            values[i] = Math.max(clamp, decibel);
        }
    }

    /** Working memory of {@link LogMel#compute}: one spectrum and one row of bands. */
    public static final class Scratch {
        private final FeatureParameters parameters;
        private final double[] spectrum;
        private final double[] magnitudes;
        private final double[] bands;

        private Scratch(FeatureParameters parameters) {
            this.parameters = parameters;
            spectrum = new double[parameters.fftSize()];
            magnitudes = new double[parameters.fftSize() / 2 + 1];
            bands = new double[parameters.melBands()];
        }
    }
}
