package org.earshot.layer;

/**
 * Convolution, instance norm, PReLU: with m and v the mean and (biased) variance of one channel of one clip over T x F
 * of the convolution's output y, {@code n = (y - m) / sqrt(v + 1e-5) * scale + shift}, then {@code n > 0 ? n : slope *
 * n}.
 *
 * @param convolution the convolution, O channels out
 * @param scale the norm's weight {@code [O]}
 * @param shift the norm's bias {@code [O]}
 * @param slope PReLU slopes {@code [O]}
 */
public record NormalizedConvolution(Convolution convolution, Parameter scale, Parameter shift, Parameter slope) {
    /** Checks the shapes. */
    public NormalizedConvolution {
        scale.require("norm weight", convolution.outputs());
        shift.require("norm bias", convolution.outputs());
        slope.require("PReLU weight", convolution.outputs());
    }

    /**
     * Number of trained numbers.
     *
     * @return those of the convolution, the norm and the slopes
     */
    public long parameters() {
        return convolution.parameters() + 3L * convolution.outputs();
    }
}
