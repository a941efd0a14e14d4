package org.earshot.features;

import org.earshot.error.FieldException;

/**
 * Parameters of the log-mel front end, as {@code config.json} gives them under {@code features}. Wrong values are
 * refused with a message that names the field as {@code config.json} does, what was found and what is expected.
 *
 * @param sampleRate of the PCM, Hz ({@code sample_rate})
 * @param fftSize length of the FFT, samples, a power of two ({@code n_fft})
 * @param windowLength length of the periodic Hann window, samples, at most {@code fftSize} ({@code win_length})
 * @param hopLength distance of frames, samples ({@code hop_length})
 * @param melBands number of mel bands ({@code n_mels})
 * @param minimumFrequency lower edge of the first band, Hz ({@code fmin})
 * @param maximumFrequency upper edge of the last band, Hz, at most half the sample rate ({@code fmax})
 * @param frames length of a clip as the network is used to it; more are cut or windowed ({@code frames})
 * @param padMode what surrounds a clip's ends ({@code pad_mode})
 * @param topDecibel distance between the loudest value of a clip and the clamp, dB ({@code top_db})
 */
public record FeatureParameters(
        int sampleRate,
        int fftSize,
        int windowLength,
        int hopLength,
        int melBands,
        double minimumFrequency,
        double maximumFrequency,
        int frames,
        PadMode padMode,
        double topDecibel) {
    /** Smallest transform. */
    public static final int SMALLEST_FFT = 16;

    /**
     * Largest transform: the longest that JTransforms computes in the caller's thread; for more it starts threads of
     * its own.
     */
    public static final int LARGEST_FFT = 4096;

    /** Lowest sample rate, Hz: to a lower one no recording is converted. */
    public static final int LOWEST_RATE = 1_000;

    /** Highest sample rate, Hz: to a higher one no recording is converted. */
    public static final int HIGHEST_RATE = 1_536_000;

    /** Longest distance of frames, samples: half a minute at 44.1 kHz. */
    public static final int LONGEST_HOP = 1 << 20;

    /** Most samples of a clip, and most values of its features: six minutes at 44.1 kHz. */
    public static final int LARGEST_CLIP = 1 << 24;

    /**
     * Checks every field.
     *
     * @param sampleRate from {@value #LOWEST_RATE} to {@value #HIGHEST_RATE}
     * @param fftSize a power of two from {@value #SMALLEST_FFT} to {@value #LARGEST_FFT}
     * @param windowLength from 2 to {@code fftSize}
     * @param hopLength from 1 to {@value #LONGEST_HOP}
     * @param melBands from 1 to half of {@code fftSize}
     * @param minimumFrequency at least 0
     * @param maximumFrequency more than {@code minimumFrequency}, at most half of {@code sampleRate}
     * @param frames at least 1; times {@code hopLength}, and times {@code melBands}, at most {@value #LARGEST_CLIP}
     * @param padMode not null
     * @param topDecibel more than 0, finite
     * @throws FieldException for the first that is not so
     */
    public FeatureParameters {
        require(
                sampleRate >= LOWEST_RATE && sampleRate <= HIGHEST_RATE,
                "sample_rate",
                sampleRate,
                "from " + LOWEST_RATE + " to " + HIGHEST_RATE + " Hz");
        require(
                fftSize >= SMALLEST_FFT && fftSize <= LARGEST_FFT && Integer.bitCount(fftSize) == 1,
                "n_fft",
                fftSize,
                "a power of two from " + SMALLEST_FFT + " to " + LARGEST_FFT);
        require(
                windowLength >= 2 && windowLength <= fftSize,
                "win_length",
                windowLength,
                "from 2 to n_fft, " + fftSize + ", samples");
        require(
                hopLength > 0 && hopLength <= LONGEST_HOP,
                "hop_length",
                hopLength,
                "from 1 to " + LONGEST_HOP + " samples");
        require(
                melBands > 0 && melBands <= fftSize / 2,
                "n_mels",
                melBands,
                "from 1 to half of n_fft, " + fftSize / 2 + ", bands");
        // Written so that NaN fails too.
        require(minimumFrequency >= 0, "fmin", minimumFrequency, "0 Hz or more");
        require(
                maximumFrequency > minimumFrequency && maximumFrequency <= sampleRate / 2.0,
                "fmax",
                maximumFrequency,
                "more than fmin, " + minimumFrequency + " Hz, and at most half of sample_rate, " + sampleRate / 2.0
                        + " Hz");
        // Together they say how much memory a clip takes, and no product of theirs may overflow.
        int mostFrames = LARGEST_CLIP / Math.max(hopLength, melBands);
        require(
                frames > 0 && frames <= mostFrames,
                "frames",
                frames,
                "from 1 to " + mostFrames + ": with hop_length " + hopLength + " and n_mels " + melBands
                        + " a clip then has at most " + LARGEST_CLIP + " samples and as many features");
        require(padMode != null, "pad_mode", "none", "\"constant\" or \"reflect\"");
        require(topDecibel > 0 && Double.isFinite(topDecibel), "top_db", topDecibel, "a positive number of dB");
    }

    /**
     * The parameters of the challenge baseline: 44.1 kHz, FFT of 2048, windows of 40 ms every 20 ms, 64 bands from 50
     * Hz to 22,050 Hz, 500 frames, a clamp 80 dB below the loudest value.
     *
     * @return the baseline's parameters
     */
    public static FeatureParameters baseline() {
        return new FeatureParameters(44_100, 2048, 1764, 882, 64, 50, 22_050, 500, PadMode.CONSTANT, 80);
    }

    /**
     * Length of the clip the network is used to, and so of a window over a longer one: {@code frames * hopLength}
     * samples. (Such a clip has one frame more, centred on its end, which is cut.)
     *
     * @return samples of a window
     */
    public int windowSamples() {
        return frames * hopLength;
    }

    /**
     * Where a frame's window begins: the frame is centred at a multiple of the hop, the window in the transform.
     *
     * @return samples from the frame's centre to the window's first sample, at most 0
     */
    public int windowStart() {
        return (fftSize - windowLength) / 2 - fftSize / 2;
    }

    /**
     * Frames of a whole clip, {@code 1 + samples / hopLength}: those whose loudest value the clamp is set by.
     *
     * @param samples length of the clip, at least 1
     * @return number of frames before the cut
     */
    public int clipFrames(int samples) {
        return 1 + samples / hopLength;
    }

    /**
     * Frames of a clip's features: those of the clip, at most {@code frames}.
     *
     * @param samples length of the clip, at least 1
     * @return number of frames after the cut
     */
    public int cutFrames(int samples) {
        return Math.min(clipFrames(samples), frames);
    }

    private static void require(boolean right, String field, Object found, String expected) {
        if (!right) {
            throw new FieldException(field, String.valueOf(found), expected);
        }
    }

    /** What a centred frame sees beyond a clip's ends. */
    public enum PadMode {
        /** Zeros (librosa 0.10 and later). */
        CONSTANT,
        /** The clip mirrored at its first and last sample (older librosa). */
        REFLECT
    }
}
