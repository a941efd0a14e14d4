package org.earshot.features;

/**
 * Parameters of the log-mel front end, as {@code config.json} gives them under {@code features}.
 *
 * @param sampleRate of the PCM, Hz
 * @param fftSize length of the FFT, samples, a power of two ({@code n_fft})
 * @param windowLength length of the periodic Hann window, samples, at most {@code fftSize} ({@code win_length})
 * @param hopLength distance of frames, samples
 * @param melBands number of mel bands ({@code n_mels})
 * @param minimumFrequency lower edge of the first band, Hz ({@code fmin})
 * @param maximumFrequency upper edge of the last band, Hz, at most half the sample rate ({@code fmax})
 * @param frames length of a clip as the network is used to it; more are cut or windowed
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
    /** What a centred frame sees beyond a clip's ends. */
    public enum PadMode {
        /** Zeros (librosa 0.10 and later). */
        CONSTANT,
        /** The clip mirrored at its first and last sample (older librosa). */
        REFLECT
    }
}
