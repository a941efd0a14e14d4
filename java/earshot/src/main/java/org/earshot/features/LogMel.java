package org.earshot.features;

import java.util.Arrays;
import java.util.Objects;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters.PadMode;
import org.jtransforms.fft.DoubleFFT_1D;

/**
 * The log-mel spectrogram of a clip, as the challenge baseline computes it with librosa
 * (tools/reference/spec/features.md): magnitudes of a centred short-time Fourier transform, summed into mel bands, in
 * dB, and clamped below the clip's loudest value.
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
        windowStart = parameters.windowStart();
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
     * @param out takes [{@link FeatureParameters#cutFrames cutFrames(samples)}, {@link FeatureParameters#melBands()}]
     *     values in dB
     * @param outOffset of the first value in {@code out}
     * @param scratch made by {@link #scratch()} of a front end with the same parameters, used by no other thread
     *     meanwhile
     * @return number of frames written
     * @throws AudioException if the clip is empty
     * @throws IndexOutOfBoundsException if the clip or the result does not fit into its array
     */
    public int compute(float[] pcm, int offset, int samples, float[] out, int outOffset, Scratch scratch) {
        LogMelFrames.requireSamples(samples);
        Objects.checkFromIndexSize(offset, samples, pcm.length);
        int bands = parameters.melBands();
        int frames = parameters.clipFrames(samples);
        int kept = parameters.cutFrames(samples);
        Objects.checkFromIndexSize((long) outOffset, (long) kept * bands, out.length);
        if (!scratch.parameters.equals(parameters)) {
            throw new IllegalArgumentException("scratch of other parameters");
        }
        double loudest = Double.NEGATIVE_INFINITY;
        for (int frame = 0; frame < frames; frame++) {
            loudest = Math.max(loudest, loudest(pcm, offset, samples, frame, scratch));
            if (frame < kept) {
                levels(scratch, out, outOffset + frame * bands);
            }
        }
        LogMelFrames.clamp(out, outOffset, kept * bands, loudest, parameters);
        return kept;
    }

    /**
     * What computes single frames, with the same results.
     *
     * @return frames of this front end, for one thread at a time
     */
    public LogMelFrames frames() {
        return new Frames(this);
    }

    private static final class Frames extends LogMelFrames {
        private final LogMel logMel;
        private final Scratch scratch;

        Frames(LogMel logMel) {
            super(logMel.parameters);
            this.logMel = logMel;
            scratch = logMel.scratch();
        }

        @Override
        public void compute(
                float[] pcm,
                int offset,
                int samples,
                int from,
                int to,
                float[] levels,
                int levelsOffset,
                double[] loudest,
                int loudestOffset) {
            int bands = parameters().melBands();
            for (int frame = from; frame < to; frame++) {
                loudest[loudestOffset + frame - from] = logMel.loudest(pcm, offset, samples, frame, scratch);
                levels(scratch, levels, levelsOffset + (frame - from) * bands);
            }
        }

        @Override
        public void close() {
            // The garbage collector frees the tables.
        }
    }

    /** Computes the bands of one frame of a clip, and returns the loudest one's level, dB. */
    private double loudest(float[] pcm, int offset, int samples, int frame, Scratch scratch) {
        bands(pcm, offset, samples, frame, scratch);
        double loudest = 0;
        for (double power : scratch.bands) {
            loudest = Math.max(loudest, power);
        }
        return decibel(loudest);
    }

    /** The levels of the bands, before the clamp. */
    private static void levels(Scratch scratch, float[] levels, int offset) {
        for (int band = 0; band < scratch.bands.length; band++) {
            levels[offset + band] = (float) decibel((float) scratch.bands[band]);
        }
    }

    private static double decibel(double power) {
        return 10 * Math.log10(Math.max(SMALLEST_POWER, power));
    }

    private void bands(float[] pcm, int offset, int samples, int frame, Scratch scratch) {
        double[] spectrum = scratch.spectrum;
        window(pcm, offset, samples, frame * parameters.hopLength() + windowStart, spectrum);
        transform.realForward(spectrum);
        magnitudes(spectrum, scratch.magnitudes);
        filters.apply(scratch.magnitudes, scratch.bands);
    }

    /**
     * Windows the samples from {@code first} on, which may lie beyond the clip's ends. The window lies at the start of
     * the transform, not in its middle: a shift in time leaves magnitudes as they are.
     */
    private void window(float[] pcm, int offset, int samples, int first, double[] windowed) {
        int length = window.length;
        int from = Math.min(Math.max(-first, 0), length);
        int to = (int) Math.max(from, Math.min(length, (long) samples - first));
        int shift = offset + first;
        for (int i = from; i < to; i++) {
            windowed[i] = window[i] * (pcm[shift + i] + OFFSET);
        }
        Arrays.fill(windowed, to, windowed.length, 0);
        if (to - from == length) {
            return;
        }
        if (parameters.padMode() == PadMode.CONSTANT) {
            Arrays.fill(windowed, 0, from, 0);
            return;
        }
        for (int i = 0; i < length; i++) {
            if (i < from || i >= to) {
                windowed[i] = window[i] * (pcm[offset + reflect((long) first + i, samples)] + OFFSET);
            }
        }
    }

    /** Mirrors at both ends as often as it takes, as numpy does; a single sample is repeated. */
    private static int reflect(long index, int samples) {
        long last = samples - 1L;
        return last == 0 ? 0 : (int) (last - Math.abs(last - Math.floorMod(index, 2 * last)));
    }

    /** Magnitudes of all bins, from the packed spectrum of a real signal. */
    private static void magnitudes(double[] spectrum, double[] magnitudes) {
        int half = spectrum.length / 2;
        for (int bin = 1; bin < half; bin++) {
            double real = spectrum[2 * bin];
            double imaginary = spectrum[2 * bin + 1];
            magnitudes[bin] = real * real + imaginary * imaginary;
        }
        magnitudes[0] = spectrum[0] * spectrum[0];
        // The last bin is packed where the imaginary part of bin 0 would be, which is always 0.
        magnitudes[half] = spectrum[1] * spectrum[1];
        // A loop of its own, so that it is vectorised.
        for (int bin = 0; bin < magnitudes.length; bin++) {
            magnitudes[bin] = Math.sqrt(magnitudes[bin]);
        }
    }

    /** Working memory of {@link LogMel#compute}: the spectrum and the bands of one frame. */
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
